// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { UploadRecord } from "../journal/upload-journal.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { parseKnownDigest } from "../wire/paths.ts";

/** Smaller blobs are not worth a record: they are sent again as fast. */
const RECORDED_FROM = 64 * 1024;

/** The record of a blob's upload in the journal; undefined for a small blob, and where there is no journal. */
export async function openRecordOf(
  { journal, transport, repository }: RepositoryContext,
  { digest, size }: Descriptor,
): Promise<UploadRecord | undefined> {
  if (journal === undefined || size < RECORDED_FROM) return undefined;
  return journal.open({
    origin: transport.origin.origin,
    repository,
    account: await transport.account(repository),
    digest: parseKnownDigest(digest),
    size,
  });
}
