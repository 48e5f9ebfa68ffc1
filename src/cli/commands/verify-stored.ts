// SPDX-License-Identifier: MIT
import { shortDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { OpenReference } from "../../image/open-reference.ts";
import type { LayoutStore } from "../../store/layout/layout.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions } from "../input/reference-options.ts";
import { count, formatBytes } from "../output/format.ts";

/** Runs `verify REF`: reads and hashes every blob of a layout or archive, or of the image that the reference names. */
export async function verifyStored(reference: string, session: Session): Promise<Outcome> {
  const [{ verifyContent }, { withSource }, options] = await Promise.all([
    import("../../store/verify-content.ts"),
    import("../../image/by-reference/with-reference.ts"),
    referenceOptions({}, session),
  ]);
  const { signal } = options;
  return withSource(await parseConfigured(reference, session.context), options, async (from) => {
    const { store, location } = from;
    const whole = from.reference === undefined && store.capabilities.roots !== undefined;
    const roots = whole
      ? await store.capabilities.roots({ signal })
      : [await from.root({ signal })];
    const verified = await verifyContent(store, roots, {
      sparse: location.kind === "oci-archive" || location.kind === "docker-archive",
      layout: whole ? await layoutOf(from) : undefined,
      signal,
      onProgress: (checked, bytes) =>
        session.progress.show(`verified: ${count(checked, "piece")}, ${formatBytes(bytes)}`, {
          kind: "verifying",
          checked,
          bytes,
        }),
    });
    const absent = (await store.capabilities.absent?.(options)) ?? [];
    return outcomeOf(store.name, { ...verified, absent: [...verified.absent, ...absent] });
  });
}

async function layoutOf({ location }: OpenReference): Promise<LayoutStore | undefined> {
  if (location.kind !== "oci" && location.kind !== "path") return undefined;
  const { openLayout } = await import("../../store/layout/layout.ts");
  return openLayout(location.kind === "oci" ? location.directory : location.path);
}

function outcomeOf(store: string, { checked, bytes, findings, absent }: VerifiedContent): Outcome {
  if (checked === 0 && findings.length === 0) {
    throw new OciError("nothing-to-check", `${store}: expected content to verify, found none`);
  }
  const wrong = findings.filter(({ code }) => code !== "unreadable");
  const holds = findings.length === 0;
  const verdict = holds ? "all right" : `${findings.length} wrong`;
  return {
    status: holds ? DONE : wrong.length > 0 ? DOES_NOT_HOLD : FAILED,
    document: {
      ok: holds,
      store,
      checked,
      bytes,
      absent: absent.map(({ digest }) => digest),
      findings,
    },
    lines: [
      `${store}: verified ${count(checked, "piece")}, ${formatBytes(bytes)}: ${verdict}`,
      ...findings.map(({ code, digest, message }) => `  ${digest}: ${code}: ${message}`),
      ...(absent.length === 0
        ? []
        : [
            `  not there, and no fault: ${absent.map(({ digest }) => shortDigest(digest)).join(", ")}`,
          ]),
      ...(wrong.length === 0
        ? []
        : ["  mend it: oci-kit copy --verify-present SRC DST, from where the image is whole"]),
    ],
  };
}
