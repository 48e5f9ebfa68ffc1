// SPDX-License-Identifier: MIT
import type { ContentFinding } from "../../store/verify-content.ts";
import type { ImageFindingCode } from "../../verify/image/image-report.ts";
import { demand, remark, type Rules } from "./rule.ts";

/** What every image has to hold. */
export const IMAGE_RULES: Rules<ImageFindingCode> = Object.freeze({
  "invalid-image": demand(
    "The documents and layers of the image are what they should be.",
    "Build the image again, or copy it again from where it is whole.",
  ),
  "wrong-platform": demand(
    "The index and the configuration name the same platform.",
    "Correct the platform in the index, or set os and architecture in the configuration.",
  ),
  "wrong-history": demand(
    "The history speaks of as many layers as there are.",
    "Write the history again: one entry for each layer, and empty_layer for the steps without one.",
  ),
  "wrong-table": demand(
    "Every table of contents says what its layer has.",
    "Compress the layer again: clients that read single files believe the table.",
  ),
  "command-missing": demand(
    "The entrypoint, command and health check are in the image.",
    "Add the program, or name the path where it is; a name without a slash has to be on the PATH.",
  ),
  "command-not-executable": demand(
    "What is started can be executed by the image's user.",
    "Set the permission to execute; a script begins with #! and the path of its interpreter.",
  ),
  "user-missing": demand(
    "The user is in /etc/passwd.",
    "Add the user to the image's /etc/passwd, or name it by its number.",
  ),
  "group-missing": demand(
    "The group is in /etc/group.",
    "Add the group to the image's /etc/group, or name it by its number.",
  ),
  "wrong-working-directory": demand(
    "The working directory is a directory, or absent.",
    "Name another working directory, or remove what is at its path.",
  ),
  "search-path-missing": remark(
    "Every directory of the PATH is there.",
    "Make the directory, or take it from the PATH.",
  ),
  "loader-missing": demand(
    "The loader of every program is in the image.",
    "Add the C library that the program was linked with, or link the program statically.",
  ),
  "loader-wrong-machine": demand(
    "The loader of every program is for the program's machine.",
    "Take the C library of the image's own architecture.",
  ),
  "library-missing": demand(
    "Every library is found where the image's own loader looks.",
    "Add the library, or list its directory in ld.so.conf and run ldconfig.",
  ),
  "version-missing": demand(
    "Every library has the symbol versions that are asked of it.",
    "Take a newer library, or build the program against the one that the image has.",
  ),
  "damaged-object": demand(
    "Every program is a valid ELF object.",
    "Copy the program again from where it is whole.",
  ),
  "interpreter-missing": demand(
    "What runs each script is in the image and executable.",
    "Add the interpreter, or correct the first line of the script.",
  ),
  "wrong-architecture": demand(
    "Every program and library is for the image's machine.",
    "Take the file from the build for the image's own architecture.",
  ),
});

/** What content in a store has to hold. */
export const CONTENT_RULES: Rules<ContentFinding["code"]> = Object.freeze({
  missing: demand(
    "All content that is named is there.",
    "Copy it again from where the image is whole: oci-kit copy --verify-present.",
  ),
  damaged: demand(
    "All content has its digest and size.",
    "Copy it again from where the image is whole: oci-kit copy --verify-present.",
  ),
  invalid: demand(
    "Every manifest and index is one.",
    "Publish the image again with a tool that writes valid documents.",
  ),
  unreadable: demand("All content can be read.", "Look at the permissions, and at the disk."),
});
