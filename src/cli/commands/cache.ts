// SPDX-License-Identifier: MIT
import { prose, withJson, type CommonFlags, type Register } from "../command.ts";
import type { PruneCacheFlags } from "./cache-actions.ts";

export const cacheCommand: Register = (program, invoke) => {
  const cache = withJson(program.command("cache"))
    .summary("what is kept to save time, and how much room it takes")
    .description(
      prose(`
        Shows what the cache directory holds: indexes of layers, digests of plain directories, artifact
        images that came from a registry, records of uploads that were not ended (without one, an upload
        begins anew). All of it can be made or fetched again. The directory is
        $OCI_KIT_CACHE, else oci-kit in $XDG_CACHE_HOME, else ~/.cache/oci-kit. Once a day assemble
        removes what was not used for 30 days, and what goes beyond 20 GB.`),
    )
    .addHelpText("after", "\nExamples:\n  oci-kit cache\n  oci-kit cache prune --dry-run")
    .action(async (flags: CommonFlags) =>
      invoke(flags, async ({ context }) => {
        const { showCache } = await import("./cache-actions.ts");
        return showCache(context);
      }),
    );
  withJson(cache.command("prune"))
    .summary("remove what is old, and what is too much")
    .description(
      prose(`
        Removes what was not used for a while, then what was used least recently until the rest is small
        enough (nothing that was used in the last hour), and what killed processes left.`),
    )
    .option("--max-age <DURATION>", "what was not used for longer goes, as 12h or 7d", "30d")
    .option("--max-size <SIZE>", "as much may stay, as 500MB or 20GB", "20GB")
    .option("--dry-run", "say what would be removed")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit cache prune --dry-run
  oci-kit cache prune --max-age 7d --max-size 5GB
  oci-kit cache prune --max-age 0`,
    )
    .action(async (flags: PruneCacheFlags) =>
      invoke(flags, async ({ context }) => {
        const { pruneCacheBy } = await import("./cache-actions.ts");
        return pruneCacheBy(flags, context);
      }),
    );
};
