// SPDX-License-Identifier: MIT
// build-killed.mjs REQUEST CONTEXTS [ADDRESS]: builds, until it is killed. Runs on dist, as the library's users do.
import { readFileSync } from "node:fs";
import { build, findBuilder } from "oci-kit/chain";

const [file = "", contexts = "", name] = process.argv.slice(2);
const request = /** @type {unknown} */ (JSON.parse(readFileSync(file, "utf8")));
await build(
  await findBuilder({ name }),
  /** @type {import("oci-kit/chain").BuildRequest} */ (request),
  { stage: "killed", contexts },
);
