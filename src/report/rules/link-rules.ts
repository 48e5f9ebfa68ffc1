// SPDX-License-Identifier: MIT
import type { LinkFindingCode } from "../../verify/link-report.ts";
import { demand, remark, type Rules } from "./rule.ts";

/** What the links and compilers of a root filesystem have to hold. */
export const LINK_RULES: Rules<LinkFindingCode> = Object.freeze({
  missing: demand("Every expected link is there.", "Make the link, or do not expect it."),
  dangling: demand(
    "Every link leads to something in the root filesystem.",
    "Add what the link leads to, or let it lead elsewhere.",
  ),
  loop: demand(
    "No link leads back to itself, or over more links than a kernel follows.",
    "Let one of the links of the loop lead to the file itself.",
  ),
  "wrong-target": demand(
    "Every expected link ends where it is expected to.",
    "Let the link lead to the expected target, or expect the other one.",
  ),
  "wrong-architecture": demand(
    "Every compiler is for the architecture of its root filesystem.",
    "Take the toolchain from the build for that architecture.",
  ),
  "not-executable": demand(
    "Every compiler is a file that may be executed.",
    "Set the permission to execute.",
  ),
  "not-an-executable-format": demand(
    "Every compiler is an ELF program or a script.",
    "Copy the compiler again from where it is whole.",
  ),
  "host-only": demand(
    "No link leads to a path that only the verifying machine has.",
    "Copy what the link leads to into the root filesystem.",
  ),
  "distro-fallback": remark(
    "Compilers are those of the root's own toolchain.",
    "Let the link lead into the toolchain, or remove the distribution's compiler.",
  ),
  "interpreter-missing": demand(
    "The interpreter of every wrapper script is in the root filesystem.",
    "Add the interpreter, or correct the first line of the script.",
  ),
  "relative-escape": remark(
    "No relative link climbs above the root.",
    "Write the link with as many .. as there are directories above it.",
  ),
});
