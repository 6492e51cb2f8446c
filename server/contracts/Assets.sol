// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amount, IERC7578, Properties} from "./IERC7578.sol";
import {Roles} from "./Roles.sol";

/// @notice ERC-7578, thin: who issues, who owns, which terms and law hold is said once for the farm; a machine has its place and value.
abstract contract Assets is Roles, IERC7578 {
    Properties private _farm;
    mapping(uint256 tokenId => string) private _location;
    mapping(uint256 tokenId => Amount) private _value;

    function _exists(uint256 tokenId) internal view virtual returns (bool);

    /// @notice What holds for every machine that has no place or value of its own.
    function setFarmProperties(Properties calldata properties) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _farm = properties;
    }

    /// @notice One machine's place and declared value; an empty place or currency stands for the farm's.
    function setProperties(uint256 tokenId, string calldata location, Amount calldata value) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _location[tokenId] = location;
        _value[tokenId] = value;
        emit PropertiesSet(tokenId, getPropertiesOf(tokenId));
    }

    /// @inheritdoc IERC7578
    function getPropertiesOf(uint256 tokenId) public view returns (Properties memory properties) {
        if (!_exists(tokenId)) return properties;
        properties = _farm;
        if (bytes(_location[tokenId]).length != 0) properties.storageLocation = _location[tokenId];
        if (bytes(_value[tokenId].currency).length != 0) properties.declaredValue = _value[tokenId];
    }
}
