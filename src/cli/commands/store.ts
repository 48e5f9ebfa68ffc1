// SPDX-License-Identifier: MIT
import { parseDirectory } from "../input/directory-argument.ts";
import type { Command } from "commander";
import {
  prose,
  withJson,
  withRegistry,
  type CommonFlags,
  type Invoke,
  type Register,
} from "../command.ts";
import type { AddFlags, PruneFlags } from "./store-actions.ts";

export const storeCommand: Register = (program, invoke) => {
  const store = program
    .command("store")
    .summary("images as root directories, each converted once")
    .description(
      prose(`
        Keeps images as root directories below STORE, each digest converted once, whatever names and
        repositories it has. A name is a link to a conversion: giving it another costs milliseconds and
        reads nothing. Any number of processes may work in one store. docs/conversions.md has the
        layout.`),
    );
  addCommand(store, invoke);
  linkCommands(store, invoke);
  lookCommands(store, invoke);
  pruneCommand(store, invoke);
};

function addCommand(store: Command, invoke: Invoke): void {
  withRegistry(store.command("add <STORE> <REF> [NAME...]"))
    .summary("convert an image, unless its digest is there already")
    .description(
      prose(`
        Unpacks an image into the store, proves that nothing was lost, and only then lets the names
        mean it; without a NAME, REF as it is typed. What is there already is not converted again;
        what another process is converting is waited for. The store is made where there is none.`),
    )
    .option("--platform <PLATFORM>", "the image of an index for this platform, as linux/arm64")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit store add /srv/roots ghcr.io/family/image:latest-cross --platform linux/riscv64
  oci-kit store add /srv/roots oci:out/linux-runtime/riscv64 family/riscv64 family/next

Exit status: 0 it is there; 2 the directory is not what the image says; 1 it failed.`,
    )
    .action(
      async (directory: string, reference: string, names: readonly string[], flags: AddFlags) =>
        invoke(flags, async (session) => {
          const { addToStore } = await import("./store-actions.ts");
          const to = parseDirectory(directory, "oci-kit store add STORE REF");
          return addToStore(to, reference, names, flags, session);
        }),
    );
}

function linkCommands(store: Command, invoke: Invoke): void {
  withJson(store.command("link <STORE> <NAME|DIGEST> <NEW>"))
    .summary("let a new name mean what another does")
    .description("Repoints NEW in one step when it is there already. Nothing is read or converted.")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit store link /srv/roots family/next family/stable
  oci-kit store link /srv/roots sha256:<64 digits> family/rescue`,
    )
    .action(async (directory: string, source: string, name: string, flags: CommonFlags) =>
      invoke(flags, async (session) => {
        const { linkInStore } = await import("./store-actions.ts");
        return linkInStore(directory, source, name, session);
      }),
    );
  withJson(store.command("unlink <STORE> <NAME>"))
    .summary("remove a name")
    .description("What it meant stays until store prune finds no other name for it.")
    .addHelpText("after", "\nExample:\n  oci-kit store unlink /srv/roots family/next")
    .action(async (directory: string, name: string, flags: CommonFlags) =>
      invoke(flags, async (session) => {
        const { unlinkInStore } = await import("./store-actions.ts");
        return unlinkInStore(directory, name, session);
      }),
    );
}

function lookCommands(store: Command, invoke: Invoke): void {
  withJson(store.command("list <STORE>"))
    .summary("all names and conversions, and what is wrong with them")
    .description(
      "Lists conversions by name with platform, size and last use; names that lead to nothing as broken.",
    )
    .addHelpText("after", "\nExample:\n  oci-kit store list /srv/roots")
    .action(async (directory: string, flags: CommonFlags) =>
      invoke(flags, async () => {
        const { listStore } = await import("./store-list.ts");
        return listStore(directory);
      }),
    );
  withJson(store.command("path <STORE> <NAME|DIGEST>"))
    .summary("where the root directory is that a name means")
    .description(
      "Prints the path, and counts as a use: the conversion outlives store prune for a while.",
    )
    .addHelpText("after", '\nExample:\n  ls "$(oci-kit store path /srv/roots family/stable)"')
    .action(async (directory: string, name: string, flags: CommonFlags) =>
      invoke(flags, async (session) => {
        const { pathInStore } = await import("./store-actions.ts");
        return pathInStore(directory, name, session);
      }),
    );
}

function pruneCommand(store: Command, invoke: Invoke): void {
  withJson(store.command("prune <STORE>"))
    .summary("remove what no name means")
    .description(
      prose(`
        Removes the conversions that no name means, once they were neither made nor asked for nor
        named for a while, and what killed processes left. Where it can't be told what a name means,
        nothing is removed.`),
    )
    .option("--min-age <DURATION>", "how long, as 30m, 1h or 7d", "1h")
    .option("--dry-run", "say what would be removed")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit store prune /srv/roots --dry-run
  oci-kit store prune /srv/roots --min-age 7d`,
    )
    .action(async (directory: string, flags: PruneFlags) =>
      invoke(flags, async (session) => {
        const { pruneStore } = await import("./store-actions.ts");
        return pruneStore(directory, flags, session);
      }),
    );
}
