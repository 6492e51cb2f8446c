// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Roles} from "./Roles.sol";

/// @notice Which key a gateway signs with, and when it may. Entries are only added, so an old signature can be checked years later.
abstract contract GatewayKeys is Roles {
    struct GatewayKey {
        /// Ed25519 public key; zero in a window takes an older key back for it.
        bytes32 publicKey;
        uint40 from;
        uint40 to;
    }
    mapping(bytes32 gatewayId => GatewayKey[]) private _keys;

    event GatewayKeySet(bytes32 indexed gatewayId, bytes32 publicKey, uint40 from, uint40 to);

    error EmptyWindow(uint40 from, uint40 to);

    /// @notice Sets the key for `from <= time < to` (seconds); where windows overlap the newest entry holds.
    function setGatewayKey(bytes32 gatewayId, bytes32 publicKey, uint40 from, uint40 to) external onlyRole(REGISTRAR) {
        require(from < to, EmptyWindow(from, to));
        _keys[gatewayId].push(GatewayKey(publicKey, from, to));
        emit GatewayKeySet(gatewayId, publicKey, from, to);
    }

    /// @notice All entries of a gateway, oldest first.
    function gatewayKeysOf(bytes32 gatewayId) external view returns (GatewayKey[] memory) {
        return _keys[gatewayId];
    }

    /// @notice The key that held at `time` (seconds), zero where there was none.
    function gatewayKeyAt(bytes32 gatewayId, uint40 time) external view returns (bytes32) {
        GatewayKey[] storage keys = _keys[gatewayId];
        for (uint256 i = keys.length; i > 0; --i) {
            GatewayKey storage key = keys[i - 1];
            if (key.from <= time && time < key.to) return key.publicKey;
        }
        return 0;
    }
}
