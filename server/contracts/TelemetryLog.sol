// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What the log asks of the twins.
interface IActiveRigs {
    function hasRole(bytes32 role, address account) external view returns (bool);
    function noteAnchor(uint32 day) external returns (uint256 active);
}

/// @notice One anchor a UTC day: the root of that day's tree of rigs. A day is written once, none is skipped, none is rewritten;
/// a correction stands beside what it corrects.
contract TelemetryLog {
    struct Anchor {
        /// RFC 9162 SHA-256 root over one leaf a rig, in the order of the tokens.
        bytes32 root;
        bytes32 manifestHash;
        /// Number of leaves: every rig that was active at the end of the day.
        uint64 treeSize;
        /// Readings counted in the day's rows.
        uint64 readings;
        uint64 anchoredAt;
    }
    struct Correction {
        bytes32 root;
        bytes32 manifestHash;
        bytes32 reasonHash;
        uint64 readings;
        uint64 correctedAt;
    }

    bytes32 private constant ANCHORER = keccak256("ANCHORER");
    IActiveRigs public immutable twin;
    /// The day on which this log began; what is anchored of the days before was told afterwards.
    uint32 public createdDay = uint32(block.timestamp / 1 days);
    /// Days since 1970-01-01 UTC; both 0 before the first anchor.
    uint32 public firstDay;
    uint32 public lastDay;
    mapping(uint256 day => Anchor) private _anchors;
    mapping(uint256 day => Correction[]) private _corrections;

    event TelemetryAnchored(uint32 indexed day, bytes32 root, bytes32 manifestHash, uint64 treeSize, uint64 readings);
    event TelemetryCorrected(uint32 indexed day, bytes32 oldRoot, bytes32 newRoot, bytes32 manifestHash, bytes32 reasonHash);

    error NotAnchorer(address account);
    error DayNotNext(uint32 day, uint32 expected);
    error DayNotOver(uint32 day);
    error WrongTreeSize(uint64 treeSize, uint256 active);
    error DayNotAnchored(uint32 day);

    modifier onlyAnchorer() {
        require(twin.hasRole(ANCHORER, msg.sender), NotAnchorer(msg.sender));
        _;
    }

    /// @param twin_ The token contract that makes this log.
    constructor(IActiveRigs twin_) {
        twin = twin_;
    }

    /// @notice Anchors a day that is over. The first may be any day; from then on each follows the one before.
    function anchor(uint32 day, bytes32 root, bytes32 manifestHash, uint64 treeSize, uint64 readings) external onlyAnchorer {
        require(lastDay == 0 || day == lastDay + 1, DayNotNext(day, lastDay + 1));
        require((uint256(day) + 1) * 1 days <= block.timestamp, DayNotOver(day));
        uint256 active = twin.noteAnchor(day);
        require(treeSize == active, WrongTreeSize(treeSize, active));
        _anchors[day] = Anchor(root, manifestHash, treeSize, readings, uint64(block.timestamp));
        if (firstDay == 0) firstDay = day;
        lastDay = day;
        emit TelemetryAnchored(day, root, manifestHash, treeSize, readings);
    }

    /// @notice Adds a correction to an anchored day; `reasonHash` is the SHA-256 of the published reason.
    function correct(uint32 day, bytes32 newRoot, bytes32 manifestHash, uint64 readings, bytes32 reasonHash) external onlyAnchorer {
        require(_anchors[day].anchoredAt != 0, DayNotAnchored(day));
        uint256 before = _corrections[day].length;
        bytes32 oldRoot = before == 0 ? _anchors[day].root : _corrections[day][before - 1].root;
        _corrections[day].push(Correction(newRoot, manifestHash, reasonHash, readings, uint64(block.timestamp)));
        emit TelemetryCorrected(day, oldRoot, newRoot, manifestHash, reasonHash);
    }

    /// @notice The day's anchor as first written; all zero where there is none.
    function anchorOf(uint256 day) external view returns (Anchor memory) {
        return _anchors[day];
    }

    /// @notice What was said later about the day, oldest first.
    function correctionsOf(uint256 day) external view returns (Correction[] memory) {
        return _corrections[day];
    }
}
