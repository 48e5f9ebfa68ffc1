// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { escapeText } from "../../../bytes/byte-string.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { capture } from "../process/capture.ts";
import type { Builder } from "./builder.ts";
import { canCap } from "./caps.ts";

const node = z.object({
  Status: z._default(z.string(), ""),
  Version: z._default(z.string(), ""),
  Platforms: z._default(z.nullable(z.array(z.string())), []),
});

/** One line of `docker buildx ls --format json`. */
const listed = z.object({
  Name: z.string(),
  Driver: z._default(z.string(), ""),
  Current: z._default(z.boolean(), false),
  Nodes: z._default(z.nullable(z.array(node)), []),
});
type Listed = z.infer<typeof listed>;

/**
 * Asks buildx for a builder, by name or the current one.
 * @param program docker, as an absolute path
 * @throws OciError `not-found` when it has no such builder; `unreachable` when none of the builder's nodes answers;
 * `unsupported-operation` when docker has no buildx
 */
export async function askBuildx(
  program: string,
  name: string | undefined,
  options: AbortOptions = {},
): Promise<Builder> {
  const version = await capture({ program, words: ["buildx", "version"] }, options);
  const list = await capture({ program, words: ["buildx", "ls", "--format", "json"] }, options);
  const builders = list.split("\n").flatMap(readListed);
  const found = builders.find((builder) =>
    name === undefined ? builder.Current : builder.Name === name,
  );
  if (found === undefined) throw noBuilder(name, builders);
  const nodes = found.Nodes ?? [];
  // One that is not running is started by its first build, but for docker's own, which is docker.
  const usable = nodes.filter(
    ({ Status }) => Status === "running" || (Status === "inactive" && found.Driver !== "docker"),
  );
  if (usable.length === 0) {
    const states = nodes.map(({ Status }) => Status || "no answer").join(", ");
    throw new OciError(
      "unreachable",
      `builder ${quote(found.Name)}: expected a node that runs, got ${escapeText(states) || "none"}`,
      { hint: "Start docker, or the machine of this builder, or name another with --builder." },
    );
  }
  const versions = [...new Set(usable.map((one) => `BuildKit ${one.Version || "unknown"}`))];
  const plugin = version.trim().split(" ")[1] ?? "unknown";
  return {
    kind: "buildx",
    program,
    name,
    identity: `buildx ${plugin}, ${found.Driver}, ${versions.sort().join(", ")}`,
    caps: canCap(usable.map(({ Version }) => Version)) && (await knowsResources(program, options)),
    platforms: [...new Set(usable.flatMap(({ Platforms }) => Platforms ?? []))],
  };
}

/** Whether buildx has the flag for caps, which came later than the builder's own. */
async function knowsResources(program: string, options: AbortOptions): Promise<boolean> {
  const help = await capture({ program, words: ["buildx", "build", "--help"] }, options);
  return help.includes("--resource ");
}

function readListed(line: string): Listed[] {
  if (line.trim() === "") return [];
  try {
    const parsed = z.safeParse(listed, JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function noBuilder(name: string | undefined, builders: readonly Listed[]): OciError {
  const names = builders.map(({ Name }) => quote(Name)).join(", ") || "none";
  const wanted = name === undefined ? "a current builder" : `a builder ${quote(name)}`;
  return new OciError("not-found", `expected ${wanted}, got these: ${names}`, {
    hint: "Make one with `docker buildx create`, or name another with --builder.",
  });
}
