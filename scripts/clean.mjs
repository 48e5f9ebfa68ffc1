// SPDX-License-Identifier: MIT
// Removes the output of earlier builds, so that a file deleted in src does not survive in dist.
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
