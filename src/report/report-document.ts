// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { ImageFinding, ImageReport, ImagesReport } from "../verify/image/image-report.ts";

/** What was verified as a document for JSON: stable, and described in docs/json.md under `verify` of content. */
export function verifiedDocument({ name, content, images, verdict }: ImagesReport): object {
  const { checked, bytes, absent = [], findings = [] } = content ?? {};
  return {
    ok: verdict === "holds",
    store: name,
    ...(content && { checked, bytes, absent: absent.map(({ digest }) => digest), findings }),
    images: images.map(imageDocument),
  };
}

function imageDocument({ digest, platform, checked, findings, ok }: ImageReport): object {
  return {
    ok,
    ...(digest !== undefined && { digest }),
    ...(platform !== undefined && { platform: formatPlatform(platform) }),
    ...(checked !== undefined && { checked }),
    findings: findings.map(findingDocument),
  };
}

function findingDocument({ path, needs, ...finding }: ImageFinding): object {
  return {
    ...finding,
    // the path of a finding is a byte string
    ...(path !== undefined && { path: toText(path as ByteString) }),
    ...(needs !== undefined && { needs: toText(needs) }),
  };
}
