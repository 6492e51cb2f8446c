// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {GatewayKeys} from "./GatewayKeys.sol";

/// @notice The machines: one token each, numbered from 1, never burned, and how many of them serve on which day.
abstract contract Machines is ERC721, GatewayKeys, IERC4906 {
    using Checkpoints for Checkpoints.Trace224;

    enum Status { None, Active, Maintenance, Retired, Substituted }
    struct Model { string name; uint64 nominalGhs; uint32 nominalWatts; }
    struct NewRig { bytes32 serialHash; bytes32 recordHash; uint40 commissionedAt; uint32 model; }
    /// Times are seconds since 1970 UTC; endedAt is 0 while the machine serves.
    struct Rig {
        bytes32 serialHash;
        uint40 registeredAt; uint40 commissionedAt; uint40 endedAt; uint40 lastServiceAt;
        uint32 modelId; uint32 maintenanceCount; Status status;
    }
    /// What an anchor asks every day, in one slot: `active` serve since the UTC day `since`, on the day before it `activeBefore` did.
    struct Fleet { uint64 total; uint64 active; uint64 activeBefore; uint32 since; }

    uint256 public constant MAX_BATCH = 100;

    Model[] public models;
    mapping(bytes32 serialHash => uint256 tokenId) public tokenOfSerial;
    mapping(uint256 tokenId => uint256 tokenIdOfSubstitute) public substitutedBy;
    mapping(uint256 tokenId => Rig) internal _rigs;
    mapping(bytes32 key => uint256 idPlusOne) private _modelIds;
    Fleet private _fleet;
    Checkpoints.Trace224 private _active;

    event RigRegistered(uint256 indexed tokenId, bytes32 indexed serialHash, uint32 modelId, bytes32 recordHash);
    event RigStatusChanged(uint256 indexed tokenId, Status from, Status to, bytes32 reasonHash);
    event RigSubstituted(uint256 indexed oldTokenId, uint256 indexed newTokenId);

    error BatchSize(uint256 length);
    error EmptyHash();
    error SerialTaken(bytes32 serialHash, uint256 tokenId);
    error UnknownModel(uint32 model);
    error WrongStatus(uint256 tokenId, Status from, Status to);

    function _recordRegistration(uint256 tokenId, bytes32 recordHash, uint40 performedAt) internal virtual;

    /// @notice Mints one token a machine to `to`; a NewRig's `model` is a place in `newModels`. Reverts SerialTaken for a machine
    /// that has a token.
    function register(address to, Model[] calldata newModels, NewRig[] calldata rigs) external onlyRole(REGISTRAR) {
        require(rigs.length > 0 && rigs.length <= MAX_BATCH, BatchSize(rigs.length));
        uint32[] memory modelIds = new uint32[](newModels.length);
        for (uint256 i; i < newModels.length; ++i) modelIds[i] = _modelId(newModels[i]);
        uint256 tokenId = _fleet.total;
        for (uint256 i; i < rigs.length; ++i) {
            NewRig calldata rig = rigs[i];
            require(rig.serialHash != 0, EmptyHash());
            require(tokenOfSerial[rig.serialHash] == 0, SerialTaken(rig.serialHash, tokenOfSerial[rig.serialHash]));
            require(rig.model < modelIds.length, UnknownModel(rig.model));
            uint32 modelId = modelIds[rig.model];
            tokenOfSerial[rig.serialHash] = ++tokenId;
            _rigs[tokenId] = Rig(rig.serialHash, uint40(block.timestamp), rig.commissionedAt, 0, 0, modelId, 0, Status.Active);
            // A plain mint: a callback to the owner could keep a machine from being registered.
            _mint(to, tokenId);
            emit RigRegistered(tokenId, rig.serialHash, modelId, rig.recordHash);
            _recordRegistration(tokenId, rig.recordHash, rig.commissionedAt);
        }
        _setFleet(tokenId, _fleet.active + rigs.length);
    }

    /// @notice Sets a serving machine active, in maintenance or retired; retired is for good.
    function setStatus(uint256 tokenId, Status to, bytes32 reasonHash) external onlyRole(REGISTRAR) {
        require(to != Status.None && to != Status.Substituted, WrongStatus(tokenId, rigOf(tokenId).status, to));
        _setStatus(tokenId, to, reasonHash);
    }

    /// @notice Says that another serving machine took the place of a serving one.
    function substitute(uint256 oldTokenId, uint256 newTokenId) external onlyRole(REGISTRAR) {
        Rig memory successor = rigOf(newTokenId);
        require(oldTokenId != newTokenId && successor.endedAt == 0, WrongStatus(newTokenId, successor.status, Status.Active));
        substitutedBy[oldTokenId] = newTokenId;
        _setStatus(oldTokenId, Status.Substituted, 0);
        emit RigSubstituted(oldTokenId, newTokenId);
    }

    /// @notice How many machines served at the end of a UTC day (days since 1970), or serve now where the day is not over.
    function activeOn(uint32 day) public view returns (uint256) {
        Fleet memory fleet = _fleet;
        if (day >= fleet.since) return fleet.active;
        return day + 1 == fleet.since ? fleet.activeBefore : _active.upperLookup(day);
    }

    /// @notice How many tokens there are; their numbers are 1 to this.
    function totalSupply() public view returns (uint256) {
        return _fleet.total;
    }

    /// @notice What is kept of a machine. Reverts where there is no such token.
    function rigOf(uint256 tokenId) public view returns (Rig memory) {
        _requireOwned(tokenId);
        return _rigs[tokenId];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) public view virtual override(ERC721, AccessControl, IERC165) returns (bool) {
        // ERC-4906 fixes its own identifier: it has events only.
        return id == 0x49064906 || super.supportsInterface(id);
    }

    function _setStatus(uint256 tokenId, Status to, bytes32 reasonHash) internal {
        Rig memory rig = rigOf(tokenId);
        require(rig.endedAt == 0, WrongStatus(tokenId, rig.status, to));
        if (rig.status == to) return;
        _rigs[tokenId].status = to;
        if (to == Status.Retired || to == Status.Substituted) {
            _rigs[tokenId].endedAt = uint40(block.timestamp);
            _setFleet(_fleet.total, _fleet.active - 1);
        }
        emit RigStatusChanged(tokenId, rig.status, to, reasonHash);
        emit MetadataUpdate(tokenId);
    }

    function _setFleet(uint256 total, uint256 active) private {
        uint32 today = uint32(block.timestamp / 1 days);
        uint64 before = _fleet.since == today ? _fleet.activeBefore : _fleet.active;
        _fleet = Fleet(uint64(total), uint64(active), before, today);
        _active.push(today, uint224(active));
    }

    function _modelId(Model calldata model) private returns (uint32) {
        bytes32 key = keccak256(abi.encode(model));
        if (_modelIds[key] == 0) {
            models.push(model);
            _modelIds[key] = models.length;
        }
        return uint32(_modelIds[key] - 1);
    }
}
