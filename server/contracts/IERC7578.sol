// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

struct Amount {
    string currency;
    uint256 value;
}

struct Properties {
    string tokenIssuer;
    string assetHolder;
    string storageLocation;
    string terms;
    string jurisdiction;
    Amount declaredValue;
}

/// @notice Physical asset redemption, https://eips.ethereum.org/EIPS/eip-7578
interface IERC7578 {
    event PropertiesSet(uint256 indexed tokenId, Properties properties);
    event PropertiesRemoved(uint256 indexed tokenId);

    /// @dev Does not revert if the token does not exist.
    function getPropertiesOf(uint256 tokenId) external view returns (Properties memory properties);
}
