// SPDX-License-Identifier: MIT
import type { BuildRequest } from "../request/build-request.ts";
import type { ShellCommand } from "../process/shell-command.ts";
import type { Builder } from "./builder.ts";
import { buildctlCommand } from "./buildctl-command.ts";
import { buildxCommand } from "./buildx-command.ts";

/**
 * The command that makes a builder do a request: what a dry run prints. It holds no secret, and only the variables'
 * and files' names of those that the builder will read.
 * @param metadataFile where the builder writes the digest of what it made
 * @throws OciError `unsupported-operation` for what this builder can't do
 */
export function buildCommand(
  builder: Builder,
  request: BuildRequest,
  metadataFile: string,
): ShellCommand {
  return builder.kind === "buildx"
    ? buildxCommand(builder, request, metadataFile)
    : buildctlCommand(builder, request, metadataFile);
}
