// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import type { ImageListing } from "../../image/list-images.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { absentLines } from "../output/absent-lines.ts";
import { openConfigured, rootOf } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes, table } from "../output/format.ts";

interface InspectFlags {
  readonly json?: true;
  readonly platform?: string;
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

async function inspect(
  reference: string,
  flags: InspectFlags,
  { context }: Session,
): Promise<Outcome> {
  const { isIndexType } = await import("../../oci/media-types.ts");
  const options = { signal: context.signal };
  const from = await openConfigured(reference, context);
  try {
    const root = await rootOf(from, flags.platform, context);
    if (flags.raw === true) return await rawOutcome(from.store, root, options);
    if (isIndexType(root.mediaType)) {
      const { listImages } = await import("../../image/list-images.ts");
      const absent = (await from.store.capabilities.absent?.(options)) ?? [];
      return indexOutcome(root, await listImages(from.store, root, options), absent);
    }
    const { readImage } = await import("../../image/image.ts");
    return imageOutcome(await readImage(from.store, root, options));
  } finally {
    await from.close();
  }
}

async function rawOutcome(
  store: Image["store"],
  root: Descriptor,
  options: { readonly signal: AbortSignal },
): Promise<Outcome> {
  const [{ readAll }, { DEFAULT_LIMITS }] = await Promise.all([
    import("../../bytes/streams/read-all.ts"),
    import("../../oci/limits.ts"),
  ]);
  const bytes = await readAll(
    store.fetch(root, options),
    DEFAULT_LIMITS.documentBytes,
    root.digest,
  );
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return { status: DONE, document: JSON.parse(text) as object, text };
}

function indexOutcome(
  root: Descriptor,
  listing: ImageListing,
  absent: readonly Descriptor[],
): Outcome {
  const rows = listing.images.map((image) => [
    `  ${platformName(image)}`,
    image.digest,
    formatBytes(image.size),
  ]);
  const { attestations, others } = listing;
  const rest = [
    ...attestations.map((child) => ["  attestation", child.digest, formatBytes(child.size)]),
    ...others.map((child) => [
      `  ${escapeText(child.mediaType)}`,
      child.digest,
      formatBytes(child.size),
    ]),
  ];
  return {
    status: DONE,
    document: { descriptor: root, ...listing, ...(absent.length > 0 && { absent }) },
    text: `index ${root.digest}\n${table([...rows, ...rest])}${absentLines(absent)}`,
  };
}

function platformName({ platform }: Descriptor): string {
  if (platform === undefined) return "unknown platform";
  const { os, architecture, variant } = platform;
  return escapeText([os, architecture, ...(variant === undefined ? [] : [variant])].join("/"));
}

function imageOutcome({ descriptor, manifest, config }: Image): Outcome {
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
    value === undefined || value === "" ? [] : [[`  ${key}`, escapeText(value)]],
  );
  const many = (name: string, values: readonly string[]): string =>
    values.length === 0
      ? ""
      : `${name}\n${values.map((value) => `  ${escapeText(value)}\n`).join("")}`;
  const pairs = (record: Readonly<Record<string, string>> | undefined): string[] =>
    Object.entries(record ?? {}).map(([key, value]) => `${key}=${value}`);
  const layers = manifest.value.layers.map((layer) => [
    `  ${layer.digest}`,
    formatBytes(layer.size),
  ]);
  return {
    status: DONE,
    document: { descriptor, manifest: manifest.value, config: config.value },
    text:
      `image ${descriptor.digest}\n${table(said)}` +
      many("env", settings.Env ?? []) +
      many("labels", pairs(settings.Labels)) +
      many("annotations", pairs(manifest.value.annotations)) +
      `layers\n${table(layers)}`,
  };
}
