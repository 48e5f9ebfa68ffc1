// SPDX-License-Identifier: MIT
import type { RegistryReport } from "../../registry/doctor/examine-registry.ts";
import type { RegistryHabits } from "../../registry/habits/registry-habits.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { findConfigured, noConfiguration } from "../input/configured.ts";
import { DONE, FAILED } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";

interface DoctorFlags {
  readonly json?: true;
  readonly write?: true;
}

export const doctorCommand: Register = (program, invoke) => {
  withRegistry(program.command("doctor [HOST[/REPO]]"))
    .summary("what a registry can do, found out by asking it")
    .description(
      prose(`
        Asks a registry whether it answers, and as whom; of a repository (HOST/REPO) also the largest page of a
        list, parts of blobs, referrers and sha512. With --write it also begins an upload and cancels it, mounts a
        blob of the repository into the same repository, and deletes a tag that does not exist: nothing of it
        stays. Default: the configured repository. Last comes what is known of the registry without asking, to
        which ~/.config/oci-kit/registries.json adds (docs/registries.md).`),
    )
    .option("--write", "also ask what takes the permission to push and to delete")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit doctor ghcr.io
  oci-kit doctor localhost:5000/family/image --write
  oci-kit doctor registry.example/family/image --json`,
    )
    .action(async (host: string | undefined, flags: DoctorFlags) =>
      invoke(flags, (session) => examine(host, flags, session)),
    );
};

async function examine(
  host: string | undefined,
  { write }: DoctorFlags,
  { context }: Session,
): Promise<Outcome> {
  const named = host ?? (await findConfigured(context))?.image;
  if (named === undefined) {
    throw noConfiguration("doctor", "Name the registry: oci-kit doctor ghcr.io");
  }
  const [{ examineRegistry }, { parseReference, parseRegistry }] = await Promise.all([
    import("../../registry/doctor/examine-registry.ts"),
    import("../../oci/reference.ts"),
  ]);
  // A bare word is no host here either: a typing error never leaves the machine.
  const isHost = !named.includes("/") && (/[.:]/.test(named) || named === "localhost");
  const where = isHost
    ? { registry: parseRegistry(named), repository: undefined }
    : parseReference(named);
  const { signal, registry } = context;
  const report = await examineRegistry(where, { registry, write, signal });
  const { probes, habits } = report;
  const answers = probes.filter(({ name }) => name === "version" || name === "auth");
  return {
    status: answers.every(({ outcome }) => outcome === "yes") ? DONE : FAILED,
    document: { registry: report.registry, repository: report.repository, probes, habits },
    lines: [...probeLines(report), ...habitLines(habits)],
  };
}

function probeLines({ registry, repository, probes }: RegistryReport): string[] {
  const where = repository === undefined ? registry : `${registry}/${repository}`;
  const rows = probes.map(({ name, outcome, detail }) => [
    `  ${name}`,
    outcome === "not-asked" ? "not asked" : outcome,
    detail,
  ]);
  return [`${where}:`, ...table(rows)];
}

const CHUNKS = {
  never: "one PUT",
  large: "one PUT, or chunks",
  always: "chunks",
} as const;

function habitLines({ name, blobBytes, uploadTime, chunks, ...more }: RegistryHabits): string[] {
  const { pageSize, deletesTags, checksManifests } = more;
  const from = chunks.use === "large" ? ` from ${formatBytes(chunks.from)} on` : "";
  const rows = [
    ["  uploads", `${CHUNKS[chunks.use]}${from}`],
    ...(blobBytes === undefined ? [] : [["  largest layer", formatBytes(blobBytes)]]),
    ...(uploadTime === undefined ? [] : [["  time for a layer", `${uploadTime / 60_000} minutes`]]),
    ...(pageSize === undefined ? [] : [["  largest page", String(pageSize)]]),
    ...(deletesTags === undefined
      ? []
      : [["  a tag alone", deletesTags ? "deleted" : "not deleted"]]),
    ...(checksManifests === undefined
      ? []
      : [["  a manifest without its layers", checksManifests ? "refused" : "taken"]]),
  ];
  return [`known of ${name}:`, ...table(rows)];
}
