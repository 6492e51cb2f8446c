// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @notice Who may do what, each role with keys of its own, and who was a technician when: a signature is judged as of its record's block.
abstract contract Roles is AccessControl {
    using Checkpoints for Checkpoints.Trace208;

    /// Gives machines their tokens, sets their status and the gateways' keys.
    bytes32 public constant REGISTRAR = keccak256("REGISTRAR");
    /// Writes the daily anchors and their corrections.
    bytes32 public constant ANCHORER = keccak256("ANCHORER");
    /// Writes into the service book, and signs what is written there.
    bytes32 public constant TECHNICIAN = keccak256("TECHNICIAN");

    mapping(address account => Checkpoints.Trace208) private _technician;

    /// @notice Whether the account had the role TECHNICIAN at the end of a block.
    function wasTechnician(address account, uint48 blockNumber) external view returns (bool) {
        return _technician[account].upperLookup(blockNumber) == 1;
    }

    function _grantRole(bytes32 role, address account) internal override returns (bool changed) {
        changed = super._grantRole(role, account);
        if (changed && role == TECHNICIAN) _technician[account].push(uint48(block.number), 1);
    }

    function _revokeRole(bytes32 role, address account) internal override returns (bool changed) {
        changed = super._revokeRole(role, account);
        if (changed && role == TECHNICIAN) _technician[account].push(uint48(block.number), 0);
    }
}
