// SPDX-License-Identifier: MIT
import { Option, type Command } from "commander";
import { collect, prose, withRegistry, type Invoke, type Register } from "../command.ts";
import type { BuildFlags } from "./chain-build.ts";
import type { DescribeFlags } from "./chain-describe.ts";
import type { ChainFlags } from "./chain-graph.ts";
import type { PlanFlags } from "./chain-plan.ts";
import type { VerifyFlags } from "./chain-verify.ts";

export const chainCommand: Register = (program, invoke) => {
  const chain = program
    .command("chain")
    .summary("the stages that images are built in: what they are, whether they are fresh")
    .description(
      prose(`
        The stages that oci-kit.yaml declares, from the first base to the index: which image is built from
        which, under which tags, and whether each was built from what its parent is now.`),
    );
  registerDescribe(chain, invoke);
  registerVerify(chain, invoke);
  registerPlan(chain, invoke);
  registerBuild(chain, invoke);
  registerStatus(chain, invoke);
};

/** Adds the options that say which chain is meant, and which part of it. */
function withChain(command: Command): Command {
  return withRegistry(command)
    .option("--arch <LIST>", "only these architectures, and what they share")
    .option("--from <STAGE>", "from this stage on")
    .option("--to <STAGE>", "up to this stage")
    .option("--only <STAGE>", "this stage alone; may be repeated", collect)
    .option("--variant <NAME>", "the chain of this variant")
    .option("--build-platform <PLATFORM>", "built there; default this machine's, if it is declared")
    .option("--set <NAME=VALUE>", "a variable of oci-kit.yaml; may be repeated", collect);
}

function registerDescribe(chain: Command, invoke: Invoke): void {
  withChain(chain.command("describe"))
    .summary("all stages with parents, tags and digests; also as a picture")
    .description(
      prose(`
        Describes every stage: its parent, Dockerfile and tags, and what the registry has under them. Where
        that can't be asked within five seconds, the chain is described without.`),
    )
    .option("--offline", "ask no registry")
    .option("--svg <FILE>", "draw the chain, with digests and freshness")
    .option("--html <FILE>", "the same as a page that needs nothing else")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit chain describe
  oci-kit chain describe --offline --variant nvidia
  oci-kit chain describe --html chain.html`,
    )
    .action(async (flags: DescribeFlags) =>
      invoke(flags, async (session) => {
        const { describe } = await import("./chain-describe.ts");
        return describe(flags, session);
      }),
    );
}

function registerVerify(chain: Command, invoke: Invoke): void {
  withChain(chain.command("verify"))
    .summary("whether every image was built from what its parent is now")
    .description(
      prose(`
        Compares the digest that each image records of its parent with what the parent's tag names now, in
        both lanes and for the index, and each saved layout with what is published. No layer is read, and
        nothing is changed. A link that can't be compared is unknown, never fresh.`),
    )
    .option("--push", "look in the configured repository, which is the default where there is one")
    .option("--no-push", "look in layouts")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit chain verify
  oci-kit chain verify --arch riscv64 --from sdk
  oci-kit chain verify --json

Exit status: 0 all is fresh; 2 something is stale, or a layout is older than what is published;
1 something could not be compared, or nothing could.`,
    )
    .action(async (flags: VerifyFlags) =>
      invoke(flags, async (session) => {
        const { verify } = await import("./chain-verify.ts");
        return verify(flags, session);
      }),
    );
}

function registerPlan(chain: Command, invoke: Invoke): void {
  withChain(chain.command("plan"))
    .summary("what would be built, and why")
    .description(
      prose(`
        Says for each image whether it would be built or kept, and why, from what is published and what it
        records. Without a registry it says what could not be known. With --format github it prints the
        matrices of a CI run as lines of NAME=JSON for a step's outputs. With --why it compares what a stage
        is made of now with last time, file by file, and says how big its context is.`),
    )
    .option("--offline", "ask no registry")
    .option("--why <STAGE>", "what differs from last time, file by file")
    .option("--builder <[PLATFORM=]NAME>", "the builder, of a platform; may be repeated", collect)
    .option("--push", "look in the configured repository, which is the default where there is one")
    .option("--no-push", "look in layouts")
    .addOption(
      new Option("--format <FORMAT>", "for people, or for a workflow").choices(["text", "github"]),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit chain plan
  oci-kit chain plan --only sdk --arch riscv64
  oci-kit chain plan --why sdk
  oci-kit chain plan --format github >> "$GITHUB_OUTPUT"`,
    )
    .action(async (flags: PlanFlags) =>
      invoke(flags, async (session) => {
        const { plan } = await import("./chain-plan.ts");
        return plan(flags, session);
      }),
    );
}

function registerBuild(chain: Command, invoke: Invoke): void {
  withChain(chain.command("build"))
    .summary("make what has changed, and all that hangs on it")
    .description(
      prose(`
        Makes the images of the chain: BuildKit builds the stages that compile, each FROM its parent's
        digest; recipes and the index are made here. An image that records the inputs of now is kept. What
        fails stops only what hangs on it, and the same command goes on from there. Images are pushed to
        the configured repository; without one, or with --no-push, they are kept in layouts.`),
    )
    .option("--parallel <N>", "images made at a time; default one a processor")
    .option("--no-cache", "make everything anew, without the builder's cache")
    .option("--pull", "make everything anew, and ask registries for what the builder has")
    .option("--push", "push to the configured repository, which is the default where there is one")
    .option("--no-push", "keep images in layouts")
    .option("--mirrors", "give builds the arguments of chain.mirrors")
    .option("--builder <[PLATFORM=]NAME>", "the builder, of a platform; may be repeated", collect)
    .option("--force <GATE>", "override this gate of the index; may be repeated", collect)
    .option("--dry-run", "say what would be made, why, and by which commands")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit chain build --dry-run
  oci-kit chain build --from sdk --arch riscv64
  oci-kit chain build --builder linux/arm64=tcp://arm:1234 --parallel 4

Exit status: 0 all is there; 1 something failed: the summary says what; 130 stopped by Ctrl-C.`,
    )
    .action(async (flags: BuildFlags) =>
      invoke(flags, async (session) => {
        const { buildChain } = await import("./chain-build.ts");
        return buildChain(flags, session);
      }),
    );
}

function registerStatus(chain: Command, invoke: Invoke): void {
  withChain(chain.command("status"))
    .summary("what the last build of this checkout did, or is doing")
    .description(
      prose(`
        Says what the last chain build of this checkout did with each image, from the file that it keeps
        below the output directory: status, digest, log. No registry is asked.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit chain status
  oci-kit chain status --json

Exit status: 0 it is done, or running; 1 it failed, was interrupted, or there was none.`,
    )
    .action(async (flags: ChainFlags) =>
      invoke(flags, async (session) => {
        const { status } = await import("./chain-status.ts");
        return status(flags, session);
      }),
    );
}
