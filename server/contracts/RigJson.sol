// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// What a token's page says. No live figure: those change by the minute and belong to no token.
struct RigFacts {
    uint256 tokenId;
    string model;
    string status;
    bytes32 serialHash;
    uint256 commissionedAt;
    uint256 lastServiceAt;
    uint256 maintenanceCount;
    uint256 nominalGhs;
    uint256 nominalWatts;
    uint256 substitutedBy;
}

/// What holds for the whole farm.
struct Farm {
    string site;
    /// Page of the farm; a twin's page is this with the token's number behind it.
    string link;
    string image;
    /// Who vouches for readings: "self-reported" as long as nothing signs them.
    string trust;
    /// SHA-256 of the published offline verifier, zero where there is none.
    bytes32 verifier;
}

/// @notice ERC-721 and ERC-7572 metadata as data URIs. Every text that came from outside is escaped.
library RigJson {
    using Strings for uint256;
    using Strings for string;

    function token(RigFacts memory rig, Farm memory farm, uint256 lastAnchoredDay) internal pure returns (string memory) {
        string memory id = rig.tokenId.toString();
        bytes memory traits = abi.encodePacked(
            text("Model", rig.model), ",", text("Status", rig.status), ",", text("Site", farm.site), ",", text("Trust level", farm.trust), ",",
            text("Serial hash", uint256(rig.serialHash).toHexString(32)), ",", number("Maintenance count", rig.maintenanceCount.toString()),
            date("Commissioned", rig.commissionedAt), date("Last service", rig.lastServiceAt), date("Last anchored day", lastAnchoredDay * 1 days)
        );
        if (rig.nominalGhs != 0) {
            traits = abi.encodePacked(
                traits, ",", number("Nominal TH/s", decimal(rig.nominalGhs / 100)), ",",
                number("Nominal W/TH", decimal((rig.nominalWatts * 10_000) / rig.nominalGhs))
            );
        }
        if (rig.substitutedBy != 0) traits = abi.encodePacked(traits, ",", number("Substituted by", rig.substitutedBy.toString()));
        return uri(abi.encodePacked(
            '{"name":"', rig.model.escapeJSON(), " #", id, '","description":"Digital twin of one mining machine of ', farm.site.escapeJSON(),
            '. It carries the history its farm reported; it is no promise of income."', member("image", farm.image),
            bytes(farm.link).length == 0 ? "" : string(abi.encodePacked(',"external_url":"', farm.link.escapeJSON(), id, '"')),
            ',"attributes":[', traits, "]}"
        ));
    }

    function collection(string memory name, Farm memory farm) internal pure returns (string memory) {
        return uri(abi.encodePacked(
            '{"name":"', name.escapeJSON(), '","description":"Digital twins of the mining machines of ', farm.site.escapeJSON(), '."',
            member("image", farm.image), member("external_link", farm.link), ',"schema":"rigtwin/v1"',
            farm.verifier == 0 ? "" : string(abi.encodePacked(',"verifierSha256":"', uint256(farm.verifier).toHexString(32), '"')), "}"
        ));
    }

    function uri(bytes memory json) private pure returns (string memory) {
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    function member(string memory name, string memory value) private pure returns (string memory) {
        return bytes(value).length == 0 ? "" : string(abi.encodePacked(',"', name, '":"', value.escapeJSON(), '"'));
    }

    function text(string memory trait, string memory value) private pure returns (bytes memory) {
        return abi.encodePacked('{"trait_type":"', trait, '","value":"', value.escapeJSON(), '"}');
    }

    function number(string memory trait, string memory value) private pure returns (bytes memory) {
        return abi.encodePacked('{"trait_type":"', trait, '","display_type":"number","value":', value, "}");
    }

    /// A date that is not known is left out: a zero would be shown as 1970.
    function date(string memory trait, uint256 time) private pure returns (bytes memory) {
        if (time == 0) return "";
        return abi.encodePacked(',{"trait_type":"', trait, '","display_type":"date","value":', time.toString(), "}");
    }

    /// Tenths as a decimal number.
    function decimal(uint256 tenths) private pure returns (string memory) {
        return string(abi.encodePacked((tenths / 10).toString(), ".", (tenths % 10).toString()));
    }
}
