// SPDX-License-Identifier: MIT
import { basename, dirname, resolve } from "node:path";
import { OciError } from "../../../oci/errors.ts";
import { formatPlatform } from "../../../oci/platform.ts";
import { quote } from "../../../oci/quote.ts";
import { attributeList } from "../request/attribute-list.ts";
import type { BuildRequest, NamedContext, SshForward } from "../request/build-request.ts";
import type { ShellCommand } from "../process/shell-command.ts";
import { cacheExport, cacheImport, outputAttributes, secretAttributes } from "./attributes.ts";
import type { Builder } from "./builder.ts";
import { capsOf } from "./caps.ts";

/**
 * The `buildctl build` for a request. It writes the digest of what it made to `metadataFile`.
 * @throws OciError `unsupported-operation` for an annotation that buildctl can't write
 */
export function buildctlCommand(
  builder: Builder,
  request: BuildRequest,
  metadataFile: string,
): ShellCommand {
  const words = [
    builder.name === undefined ? [] : [`--addr=${builder.name}`],
    ["build", "--progress=rawjson", `--metadata-file=${metadataFile}`, "--frontend=dockerfile.v0"],
    [`--local=context=${resolve(request.context)}`],
    [`--local=dockerfile=${dirname(resolve(request.dockerfile))}`],
    options(builder, request),
    Object.entries(request.contexts ?? {}).flatMap(([name, context], at) =>
      contextWords(name, context, at),
    ),
    (request.secrets ?? []).map((secret) => `--secret=${secretAttributes(secret)}`),
    (request.ssh ?? []).map((ssh) => `--ssh=${sshWord(ssh)}`),
    request.network === "host" ? ["--allow=network.host"] : [],
    (request.cacheFrom ?? []).map((place) => `--import-cache=${cacheImport(place)}`),
    (request.cacheTo ?? []).map((place) => `--export-cache=${cacheExport(place)}`),
    request.noCache === true ? ["--no-cache"] : [],
    [`--output=${attributeList([...outputAttributes(request.output), ...annotations(request)])}`],
  ].flat();
  return { program: builder.program, words };
}

/** The options of the Dockerfile frontend. */
function options(builder: Builder, request: BuildRequest): string[] {
  const hosts = Object.entries(request.addHosts ?? {});
  const given: readonly (readonly [name: string, value: string | undefined])[] = [
    ["filename", basename(request.dockerfile)],
    ["platform", formatPlatform(request.platform)],
    ["target", request.target],
    ...prefixed("build-arg:", request.buildArgs),
    ...prefixed("label:", request.labels),
    ["force-network-mode", request.network],
    ["add-hosts", hosts.length === 0 ? undefined : attributeList(hosts)],
    ...capsOf(builder, request),
    ["cgroup-parent", request.cgroupParent],
    ["image-resolve-mode", request.pull === true ? "pull" : undefined],
    ["attest:provenance", request.attestations === "provenance" ? "mode=max" : undefined],
  ];
  return given.flatMap(([name, value]) => (value === undefined ? [] : [`--opt=${name}=${value}`]));
}

function prefixed(
  prefix: string,
  record: Readonly<Record<string, string>> = {},
): [string, string][] {
  return Object.entries(record).map(([name, value]) => [`${prefix}${name}`, value]);
}

/** @throws OciError `unsupported-operation`: buildctl makes the key of an attribute small, and would say nothing. */
function annotations({ annotations: given = {} }: BuildRequest): [string, string][] {
  const changed = Object.keys(given).find((key) => key !== key.toLowerCase());
  if (changed === undefined) return prefixed("annotation.", given);
  throw new OciError(
    "unsupported-operation",
    `annotation ${quote(changed)}: expected a key in small letters, which is all that buildctl can write, got capitals`,
    {
      details: { key: changed },
      hint: "Write the key in small letters, or build with docker buildx.",
    },
  );
}

/** Each context has an id of its own: under a shared one BuildKit would find only the last layout's content. */
function contextWords(name: string, context: NamedContext, at: number): string[] {
  const id = `${context.kind}-${at}`;
  switch (context.kind) {
    case "directory":
      return [`--local=${id}=${resolve(context.path)}`, `--opt=context:${name}=local:${id}`];
    case "layout":
      return [
        `--oci-layout=${id}=${resolve(context.path)}`,
        `--opt=context:${name}=oci-layout://${id}@${context.digest}`,
      ];
    case "image":
      return [`--opt=context:${name}=docker-image://${context.reference}`];
  }
}

function sshWord({ id, socket }: SshForward): string {
  return socket === undefined ? id : `${id}=${resolve(socket)}`;
}
