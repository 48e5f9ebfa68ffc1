// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { formatPlatform } from "../../../oci/platform.ts";
import { attributeList } from "../request/attribute-list.ts";
import type { BuildRequest, NamedContext } from "../request/build-request.ts";
import type { ShellCommand } from "../process/shell-command.ts";
import { cacheExport, cacheImport, outputAttributes, secretAttributes } from "./attributes.ts";
import type { Builder } from "./builder.ts";
import { capsOf } from "./caps.ts";

/** The `docker buildx build` for a request. It writes the digest of what it made to `metadataFile`. */
export function buildxCommand(
  builder: Builder,
  request: BuildRequest,
  metadataFile: string,
): ShellCommand {
  const words = [
    ["buildx", "build"],
    builder.name === undefined ? [] : [`--builder=${builder.name}`],
    ["--progress=rawjson", `--metadata-file=${metadataFile}`],
    [`--file=${resolve(request.dockerfile)}`, `--platform=${formatPlatform(request.platform)}`],
    request.target === undefined ? [] : [`--target=${request.target}`],
    flags("build-arg", pairs(request.buildArgs)),
    flags("build-context", contexts(request)),
    flags("secret", (request.secrets ?? []).map(secretAttributes)),
    flags("ssh", (request.ssh ?? []).map(sshWord)),
    request.network === undefined ? [] : [`--network=${request.network}`],
    flags(
      "add-host",
      Object.entries(request.addHosts ?? {}).map(([host, ip]) => `${host}=${ip}`),
    ),
    flags("cache-from", (request.cacheFrom ?? []).map(cacheImport)),
    flags("cache-to", (request.cacheTo ?? []).map(cacheExport)),
    flags("annotation", pairs(request.annotations)),
    flags("label", pairs(request.labels)),
    flags("resource", pairs(Object.fromEntries(capsOf(builder, request)))),
    request.cgroupParent === undefined ? [] : [`--cgroup-parent=${request.cgroupParent}`],
    request.noCache === true ? ["--no-cache"] : [],
    request.pull === true ? ["--pull"] : [],
    [request.attestations === "provenance" ? "--provenance=mode=max" : "--provenance=false"],
    ["--sbom=false", `--output=${attributeList(outputAttributes(request.output))}`],
    [resolve(request.context)],
  ].flat();
  // Else buildx asks the builder for the provenance once more after the build, only to copy it into that file.
  return { program: builder.program, words, env: { BUILDX_METADATA_PROVENANCE: "disabled" } };
}

function flags(name: string, values: readonly string[]): string[] {
  return values.map((value) => `--${name}=${value}`);
}

function pairs(record: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(record).map(([key, value]) => `${key}=${value}`);
}

function contexts({ contexts: named = {} }: BuildRequest): string[] {
  return Object.entries(named).map(([name, context]) => `${name}=${contextWord(context)}`);
}

function contextWord(context: NamedContext): string {
  switch (context.kind) {
    case "directory":
      return resolve(context.path);
    case "layout":
      return `oci-layout://${resolve(context.path)}@${context.digest}`;
    case "image":
      return `docker-image://${context.reference}`;
  }
}

function sshWord({
  id,
  socket,
}: {
  readonly id: string;
  readonly socket?: string | undefined;
}): string {
  return socket === undefined ? id : `${id}=${resolve(socket)}`;
}
