// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Machines} from "./Machines.sol";

/// @notice The hashes of what was recorded about the machines, each once and for good.
abstract contract ServiceBook is Machines {
    struct Maintenance { uint256 tokenId; bytes32 recordHash; uint8 kind; uint40 performedAt; }
    struct Recorded { uint64 tokenId; uint64 blockNumber; uint40 performedAt; uint8 kind; }

    // Places in the published list of record kinds; the statement itself changes the machine's status.
    uint8 private constant REGISTRATION = 0;
    uint8 private constant REPAIR_SENT = 6;
    uint8 private constant REPAIR_RETURNED = 7;
    uint8 private constant RETIRED = 8;

    mapping(bytes32 recordHash => Recorded) private _recorded;

    event MaintenanceRecorded(uint256 indexed tokenId, bytes32 indexed recordHash, uint8 kind, uint40 performedAt, address performer);

    /// @notice Records a hash. One that is already recorded changes nothing and emits nothing, so that a relay may send again.
    function recordMaintenance(uint256 tokenId, bytes32 recordHash, uint8 kind, uint40 performedAt) external onlyRole(TECHNICIAN) {
        _record(tokenId, recordHash, kind, performedAt);
    }

    /// @notice The same for up to MAX_BATCH records.
    function recordMaintenances(Maintenance[] calldata records) external onlyRole(TECHNICIAN) {
        require(records.length > 0 && records.length <= MAX_BATCH, BatchSize(records.length));
        for (uint256 i; i < records.length; ++i) _record(records[i].tokenId, records[i].recordHash, records[i].kind, records[i].performedAt);
    }

    /// @notice Where and when a record's hash came onto the chain; all zero where it did not.
    function maintenanceOf(bytes32 recordHash) external view returns (uint256 tokenId, uint256 blockNumber, uint256 performedAt, uint8 kind) {
        Recorded storage found = _recorded[recordHash];
        return (found.tokenId, found.blockNumber, found.performedAt, found.kind);
    }

    function _recordRegistration(uint256 tokenId, bytes32 recordHash, uint40 performedAt) internal override {
        _record(tokenId, recordHash, REGISTRATION, performedAt);
    }

    function _record(uint256 tokenId, bytes32 recordHash, uint8 kind, uint40 performedAt) private {
        require(recordHash != 0, EmptyHash());
        Rig storage rig = _rigs[tokenId];
        require(rig.status != Status.None, ERC721NonexistentToken(tokenId));
        if (_recorded[recordHash].blockNumber != 0) return;
        _recorded[recordHash] = Recorded(uint64(tokenId), uint64(block.number), performedAt, kind);
        emit MaintenanceRecorded(tokenId, recordHash, kind, performedAt, msg.sender);
        if (kind == REGISTRATION) return;
        rig.maintenanceCount += 1;
        if (performedAt > rig.lastServiceAt) rig.lastServiceAt = performedAt;
        if (rig.endedAt == 0) {
            if (kind == REPAIR_SENT) _setStatus(tokenId, Status.Maintenance, recordHash);
            else if (kind == REPAIR_RETURNED) _setStatus(tokenId, Status.Active, recordHash);
            else if (kind == RETIRED) _setStatus(tokenId, Status.Retired, recordHash);
        }
        emit MetadataUpdate(tokenId);
    }
}
