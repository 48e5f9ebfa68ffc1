// SPDX-License-Identifier: MIT
import type { Inspected } from "../../image/by-reference/inspect-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";
import { absentLines } from "../output/absent-lines.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";

interface InspectFlags extends ReferenceFlags {
  readonly raw?: true;
}

export const inspectCommand: Register = (program, invoke) => {
  withRegistry(program.command("inspect <REF>"))
    .summary("what an image or an index says of itself")
    .description(
      prose(`
        Shows an index with its images, or an image with its configuration and layers. Nothing but
        the documents is read.`),
    )
    .option("--platform <PLATFORM>", "the image of an index for this platform")
    .option("--raw", "the bytes of the manifest or index as they are stored")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit inspect latest-cross
  oci-kit inspect --platform linux/riscv64 ghcr.io/family/image:latest-cross
  oci-kit inspect --raw oci:out/linux-runtime/riscv64 | sha256sum`,
    )
    .action(async (reference: string, flags: InspectFlags) =>
      invoke(flags, (session) => inspect(reference, flags, session)),
    );
};

async function inspect(reference: string, flags: InspectFlags, session: Session): Promise<Outcome> {
  const { inspectReference, readRoot } =
    await import("../../image/by-reference/inspect-reference.ts");
  const options = await referenceOptions(flags, session);
  const location = await parseConfigured(reference, session.context);
  if (flags.raw === true) {
    const bytes = await readRoot(location, options);
    const document = JSON.parse(new TextDecoder().decode(bytes)) as object;
    return { status: DONE, document, lines: [], bytes };
  }
  const inspected = await inspectReference(location, options);
  return inspected.kind === "index" ? indexOutcome(inspected) : imageOutcome(inspected);
}

function indexOutcome(index: Extract<Inspected, { kind: "index" }>): Outcome {
  const { descriptor, images, attestations, others, absent } = index;
  const rows = [
    ...images.map((child) => [platformName(child), child] as const),
    ...attestations.map((child) => ["attestation", child] as const),
    ...others.map((child) => [child.mediaType, child] as const),
  ];
  return {
    status: DONE,
    document: { descriptor, images, attestations, others, ...(absent.length > 0 && { absent }) },
    lines: [
      `index ${descriptor.digest}`,
      ...table(rows.map(([name, { digest, size }]) => [`  ${name}`, digest, formatBytes(size)])),
      ...absentLines(absent),
    ],
  };
}

function platformName({ platform }: Descriptor): string {
  if (platform === undefined) return "unknown platform";
  const { os, architecture, variant } = platform;
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

function imageOutcome({
  descriptor,
  manifest,
  config,
}: Extract<Inspected, { kind: "image" }>): Outcome {
  const { os, architecture, variant, created, config: settings = {} } = config.value;
  const facts: [string, string | undefined][] = [
    ["platform", [os, architecture, ...(variant === undefined ? [] : [variant])].join("/")],
    ["created", created],
    ["user", settings.User],
    ["workdir", settings.WorkingDir],
    ["entrypoint", settings.Entrypoint?.join(" ")],
    ["cmd", settings.Cmd?.join(" ")],
  ];
  const said = facts.flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [[`  ${key}`, value]],
  );
  const layers = manifest.value.layers.map(({ digest, size }) => [
    `  ${digest}`,
    formatBytes(size),
  ]);
  return {
    status: DONE,
    document: { descriptor, manifest: manifest.value, config: config.value },
    lines: [
      `image ${descriptor.digest}`,
      ...table(said),
      ...section("env", settings.Env ?? []),
      ...section("labels", pairs(settings.Labels)),
      ...section("annotations", pairs(manifest.value.annotations)),
      "layers",
      ...table(layers),
    ],
  };
}

function section(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [name, ...values.map((value) => `  ${value}`)];
}

function pairs(record: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(record).map(([key, value]) => `${key}=${value}`);
}
