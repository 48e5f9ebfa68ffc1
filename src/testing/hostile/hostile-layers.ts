// SPDX-License-Identifier: MIT
import { archiveStructureCases } from "./archive-structure.ts";
import { compressionCases } from "./compression.ts";
import { documentCases } from "./hostile-documents.ts";
import { hardLinkCases } from "./hard-links.ts";
import type { HostileCase } from "./hostile-case.ts";
import { layoutCases } from "./damaged-layouts.ts";
import { nameCases } from "./odd-names.ts";
import { pathCases } from "./escaping-paths.ts";
import { sparseFileCases } from "./sparse-files.ts";
import { specialFileCases } from "./special-files.ts";
import { symbolicLinkCases } from "./symbolic-links.ts";
import { whiteoutCases } from "./whiteouts.ts";

/**
 * The hostile corpus: attacks that have been used against programs that unpack images, and with each attack
 * odd but legitimate images, which must not be refused. `HOSTILE_ATTACKS` says what the numbers mean. Attacks
 * that need a registry are not here, nor those in which another process changes the destination meanwhile (24
 * and 25).
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
