// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { Report, ReportedImage, ReportSubject } from "./report.ts";

/** A finding of any kind with what it is about: what the formats for machines list. */
export interface ListedFinding {
  readonly subject: ReportSubject;
  /** Undefined for a finding about content that is in no image's tree: a blob. */
  readonly image: ReportedImage | undefined;
  readonly code: string;
  readonly severity: "error" | "note";
  /** In the root filesystem, as a byte string. */
  readonly path: ByteString | undefined;
  /** What tells two findings with one code and path apart, as text: what is needed, or a digest. */
  readonly about: string | undefined;
  readonly message: string;
}

/** All findings of a report: for each subject those of its content, then those of its images. */
export function listFindings({ subjects }: Report): ListedFinding[] {
  return subjects.flatMap((subject) => [
    ...(subject.verified?.content?.findings ?? []).map(({ code, digest, message }) => ({
      ...{ subject, image: undefined, code, severity: "error" as const },
      ...{ path: undefined, about: digest, message: `${digest}: ${message}` },
    })),
    ...subject.images.flatMap((image) =>
      (image.report?.findings ?? []).map(({ code, severity, path, needs, message }) => ({
        ...{ subject, image, code, severity, message },
        path: path as ByteString | undefined,
        about: needs && toText(needs),
      })),
    ),
  ]);
}
