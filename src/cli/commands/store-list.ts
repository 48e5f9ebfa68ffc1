// SPDX-License-Identifier: MIT
import {
  openConversions,
  type ConversionList,
  type ListedConversion,
} from "../../convert/kept/conversions.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";

/** Runs `oci-kit store list`. */
export async function listStore(directory: string): Promise<Outcome> {
  const store = openConversions(directory);
  const list = await store.list();
  return {
    status: DONE,
    document: {
      store: store.directory,
      names: list.names.map(({ name, key, digest, problem }) => ({
        name,
        key,
        digest,
        problem: problem?.message,
      })),
      conversions: list.conversions.map(documentOf),
    },
    lines: linesOf(list),
  };
}

function documentOf(conversion: ListedConversion): object {
  const { key, digest, rootfs, names, usedAt, image, problem } = conversion;
  return { key, digest, rootfs, names, usedAt, image, problem: problem?.message };
}

function linesOf({ names, conversions }: ConversionList): string[] {
  const rows = conversions.flatMap((conversion) => {
    const { digest, usedAt, image, problem } = conversion;
    const facts = [
      digest,
      image === undefined ? "?" : formatPlatform(image.platform),
      image === undefined ? "?" : formatBytes(image.bytes),
      `used ${usedAt.toISOString().slice(0, 16)}Z`,
      problem === undefined ? "" : problem.message,
    ];
    const called = conversion.names.length > 0 ? conversion.names : ["(no name)"];
    return called.map((name) => [name, ...facts]);
  });
  const broken = names
    .filter(({ problem }) => problem !== undefined)
    .map(({ name, problem }) => `broken: ${name}: ${problem!.message}`);
  return [...table(rows), ...broken];
}
