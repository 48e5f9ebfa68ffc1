// SPDX-License-Identifier: MIT
import { archiveStructureCases } from "./archive-structure.ts";
import { compressionCases } from "./compression.ts";
import { documentCases } from "./documents.ts";
import { hardLinkCases } from "./hard-links.ts";
import type { HostileCase } from "./hostile-case.ts";
import { layoutCases } from "./layouts.ts";
import { nameCases } from "./names.ts";
import { pathCases } from "./paths.ts";
import { sparseFileCases } from "./sparse-files.ts";
import { specialFileCases } from "./special-files.ts";
import { symbolicLinkCases } from "./symbolic-links.ts";
import { whiteoutCases } from "./whiteouts.ts";

/**
 * The hostile corpus: what has been used against programs that unpack images, and beside each attack what
 * is odd and legitimate and must not be refused. Attacks that need a registry are not images; what needs
 * a second process at work in the destination (a directory swapped for a link meanwhile) is not here either.
 */
export const hostileLayers: readonly HostileCase[] = Object.freeze([
  ...pathCases,
  ...symbolicLinkCases,
  ...hardLinkCases,
  ...nameCases,
  ...whiteoutCases,
  ...specialFileCases,
  ...archiveStructureCases,
  ...sparseFileCases,
  ...compressionCases,
  ...documentCases,
  ...layoutCases,
]);
