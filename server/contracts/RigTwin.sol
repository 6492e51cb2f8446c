// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Assets} from "./Assets.sol";
import {IERC7572} from "./IERC7572.sol";
import {IERC7578} from "./IERC7578.sol";
import {Machines} from "./Machines.sol";
import {Farm, RigFacts, RigJson} from "./RigJson.sol";
import {ServiceBook} from "./ServiceBook.sol";
import {IActiveRigs, TelemetryLog} from "./TelemetryLog.sol";

/// @notice The digital twins of a farm's machines: ERC-721 with ERC-4906, ERC-7572 and ERC-7578, and the log of its daily anchors.
contract RigTwin is ServiceBook, Assets, IERC7572 {
    TelemetryLog public immutable telemetryLog;
    Farm public farm;

    error NotTelemetryLog(address account);

    /// @param admin Grants and takes roles, says what holds for the farm.
    /// @param relayer Registers, records and anchors; the hot key.
    constructor(address admin, address relayer, Farm memory farm_) ERC721("Rigtwin", "RIG") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(REGISTRAR, relayer);
        _grantRole(TECHNICIAN, relayer);
        _grantRole(ANCHORER, relayer);
        farm = farm_;
        telemetryLog = new TelemetryLog(IActiveRigs(address(this)));
    }

    /// @notice Says anew what holds for the whole farm: name, pages, trust level, verifier.
    function setFarm(Farm calldata farm_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        farm = farm_;
        emit ContractURIUpdated();
        _emitAllChanged();
    }

    /// @notice Called by the log when a day is anchored: says that every page changed, and gives how many machines served that day.
    function noteAnchor(uint32 day) external returns (uint256 active) {
        require(msg.sender == address(telemetryLog), NotTelemetryLog(msg.sender));
        _emitAllChanged();
        return activeOn(day);
    }

    /// @notice The newest day that is anchored, 0 before the first.
    function lastAnchoredDay() public view returns (uint32) {
        return telemetryLog.lastDay();
    }

    /// @notice The token's page as a data URI, made of what this contract keeps and nothing else.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        Rig memory rig = rigOf(tokenId);
        Model memory model = models[rig.modelId];
        RigFacts memory facts = RigFacts({
            tokenId: tokenId,
            model: model.name,
            status: ["none", "active", "maintenance", "retired", "substituted"][uint8(rig.status)],
            serialHash: rig.serialHash,
            commissionedAt: rig.commissionedAt,
            lastServiceAt: rig.lastServiceAt,
            maintenanceCount: rig.maintenanceCount,
            nominalGhs: model.nominalGhs,
            nominalWatts: model.nominalWatts,
            substitutedBy: substitutedBy[tokenId]
        });
        return RigJson.token(facts, farm, lastAnchoredDay());
    }

    /// @inheritdoc IERC7572
    function contractURI() external view returns (string memory) {
        return RigJson.collection(name(), farm);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) public view override(Machines, AccessControl) returns (bool) {
        return id == type(IERC7572).interfaceId || id == type(IERC7578).interfaceId || super.supportsInterface(id);
    }

    function _emitAllChanged() private {
        uint256 newest = totalSupply();
        if (newest != 0) emit BatchMetadataUpdate(1, newest);
    }

    function _exists(uint256 tokenId) internal view override returns (bool) {
        return _ownerOf(tokenId) != address(0);
    }
}
