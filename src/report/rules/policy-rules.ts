// SPDX-License-Identifier: MIT
import type { ImageFindingCode } from "../../verify/image/image-report.ts";
import type { PolicyFindingCode, PolicyKind } from "../../verify/policy-report.ts";
import { demand, remark, type Rules } from "./rule.ts";

/** What policies ask for. Codes that findings without a policy have too are among the rules of images. */
export const POLICY_RULES: Rules<Exclude<PolicyFindingCode, ImageFindingCode>> = Object.freeze({
  "link-missing": demand("Every link of a policy is there.", "Make the link."),
  "dangling-link": demand(
    "No symbolic link leads nowhere.",
    "Remove the link, add what it leads to, or exempt it with a reason.",
  ),
  "link-dangling": demand(
    "Every link of a policy leads to something in the image.",
    "Add what the link leads to, or let it lead elsewhere.",
  ),
  "link-host-only": demand(
    "No link of a policy leads to a path that only the verifying machine has.",
    "Copy what the link leads to into the image.",
  ),
  "link-loop": demand(
    "No link of a policy leads back to itself, or over more links than a kernel follows.",
    "Let one of the links of the loop lead to the file itself.",
  ),
  "link-wrong-end": demand(
    "Every link of a policy ends at its target.",
    "Let the link lead to the target, or name the other one in the policy.",
  ),
  "link-wrong-way": demand(
    "Every link of a policy leads over the paths that it has to.",
    "Let the link lead over those paths, as /etc/alternatives.",
  ),
  "tree-wrong-architecture": demand(
    "Every ELF object of a tree is for the tree's machine.",
    "Take the tree from the build for that architecture.",
  ),
  "tree-missing": demand(
    "Every tree that a policy names is there.",
    "Copy the tree into the image, or take it from the policy.",
  ),
  "tree-without-objects": remark(
    "A tree whose machine is asked has ELF objects to compare.",
    "Look whether the tree is empty by mistake.",
  ),
  "path-missing": demand("Every path that has to be there is.", "Copy it into the image."),
  "path-wrong-type": demand(
    "Every path that has to be there is of the type that is asked.",
    "Put a file, directory or link there, as the policy says.",
  ),
  "paths-too-few": demand(
    "As many paths match a pattern as have to.",
    "Copy what is missing into the image, or ask for fewer.",
  ),
  "path-empty": demand(
    "What must not be empty has content.",
    "Look at the step that fills it: it copied nothing.",
  ),
  "path-forbidden": demand(
    "Nothing is where nothing may be.",
    "Remove it, or exempt it with a reason.",
  ),
  "not-stripped": demand(
    "ELF objects have no symbol table.",
    "Run strip before the file is copied.",
  ),
  "library-directory-unlisted": demand(
    "Every directory of libraries is in ld.so.conf.",
    "List the directory in a file of /etc/ld.so.conf.d.",
  ),
  "library-directory-late": demand(
    "The directories of libraries come before all others.",
    "Name the file in /etc/ld.so.conf.d so that it is read first, as 000-own.conf.",
  ),
  "library-shadowed": demand(
    "The loader's cache has the libraries of those directories first.",
    "Run ldconfig for the image after its configuration was written.",
  ),
  "privilege-extra": demand(
    "No file outside the inventory has setuid, setgid or capabilities.",
    "Remove the privilege, or add the file to the inventory.",
  ),
  "wrong-owner": demand(
    "Trees belong to their user and group, whole.",
    "Give the tree to that owner in the step that copies it.",
  ),
  "world-writable": demand(
    "Not everybody may write.",
    "Take the permission from others, or set the sticky bit of the directory.",
  ),
  "wrong-setting": demand(
    "The configuration has the settings that are asked.",
    "Set it in the recipe, or with oci-kit config.",
  ),
  "wrong-variable": demand(
    "Variables of the environment have the values that are asked.",
    "Set the variable in the recipe, or with oci-kit config --env.",
  ),
  "variable-forbidden": demand(
    "The environment has nothing of the machine that built the image.",
    "Unset the variable before the image is published.",
  ),
  "parity-differs": demand(
    "The same paths are there for all architectures.",
    "Build what is missing for that architecture, or exempt it with a reason.",
  ),
  "provenance-missing": demand(
    "The image records where it comes from.",
    "Set the annotation or label while the image is built.",
  ),
  "size-exceeded": demand(
    "Image, layers and trees are within their budgets.",
    "Look with verify --html at what takes the space, or raise the budget.",
  ),
  "nothing-matched": demand(
    "Every pattern of a policy matches something to compare.",
    "Correct the pattern: what matches nothing is never compared.",
  ),
  "exemption-unused": remark(
    "Every exemption exempts something.",
    "Remove the exemption: what it was for is gone.",
  ),
  "no-policies": remark(
    "The configuration has policies for the architecture of the image.",
    "List the architecture in oci-kit.yaml, or verify with --no-config.",
  ),
});

/** What each kind of policy is about, as one sentence. */
export const POLICY_KINDS: Readonly<Record<PolicyKind, string>> = Object.freeze({
  links: "links end where they should",
  architecture: "trees are for one machine",
  present: "paths are there",
  absent: "paths are not there",
  stripped: "ELF objects have no symbol table",
  "library-precedence": "directories of libraries come first",
  privileges: "only the inventory has privileges",
  owners: "trees have their owner",
  "dangling-links": "no link leads nowhere",
  "world-writable": "not everybody may write",
  configuration: "the configuration has its settings",
  environment: "the environment has its variables",
  parity: "architectures have the same paths",
  provenance: "the image says where it comes from",
  size: "sizes are within their budgets",
});
