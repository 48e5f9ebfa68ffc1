// SPDX-License-Identifier: MIT
import { missingPeers, peersDirectory } from "./peers.ts";

/** Names the missing programs once, so that not every test fails for lack of them. */
export default function requirePeers(): void {
  const missing = missingPeers();
  if (missing.length === 0) return;
  throw new Error(
    `these tests run against ${missing.join(", ")}, not found in ${peersDirectory()}.\n` +
      "On Debian, as root: scripts/install-peers.sh brings them (or set OCI_KIT_PEERS to where they are).",
  );
}
