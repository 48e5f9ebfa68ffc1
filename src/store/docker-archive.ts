// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type {
  ArchiveReader,
  ArchiveWriter,
  CreateArchiveOptions,
  OpenArchiveOptions,
} from "./oci-archive.ts";

export function openDockerArchive(
  file: string,
  options: OpenArchiveOptions = {},
): Promise<ArchiveReader> {
  throw new OciError("invalid-archive", file, { details: { options } });
}

export function createDockerArchive(
  file: string,
  options: CreateArchiveOptions = {},
): Promise<ArchiveWriter> {
  throw new OciError("invalid-archive", file, { details: { options } });
}
