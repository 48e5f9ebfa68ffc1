// SPDX-License-Identifier: MIT
import { openRootFilesystem, isLayout } from "../../disk/open-root-filesystem.ts";
import { withSource } from "../../image/by-reference/with-reference.ts";
import { findImage, imagesFor } from "../../image/find-image.ts";
import { readImage } from "../../image/image.ts";
import { listImages } from "../../image/list-images.ts";
import { parseLocation, type Location } from "../../image/location.ts";
import type { OpenOptions, OpenReference } from "../../image/open-reference.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { formatPlatform, normalisePlatform, type Platform } from "../../oci/platform.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { openLayout, type LayoutStore } from "../../store/layout/layout.ts";
import { verifyContent, type VerifiedContent } from "../../store/verify-content.ts";
import type { ReadableStore } from "../../store/store.ts";
import { createObjectReader } from "../closure/read-object.ts";
import { errorsFirst, isError, type ImageReport, type ImagesReport } from "./image-report.ts";
import { surveyRoot } from "./root-survey.ts";
import { verifyImage, type VerifyImageOptions } from "./verify-image.ts";
import { usualMachine, verifyRoot } from "./verify-root.ts";

export interface VerifyImagesOptions
  extends
    OpenOptions,
    Pick<
      VerifyImageOptions,
      "cache" | "facts" | "reports" | "checks" | "onProgress" | "onExamined"
    > {
  /** Of an index, only the image for this platform. Default: every image. */
  readonly platform?: Platform | undefined;
  /** Called after each piece of content that was verified. */
  readonly onContent?: ((checked: number, bytes: number) => void) | undefined;
}

/**
 * Whether what a reference names is whole and would run: every blob has its digest, and every image passes
 * {@link verifyImage}. Of a layout or an archive without a tag all is verified. A plain directory is a root
 * filesystem without a configuration. Wrong content is a finding and never throws.
 * @throws OciError `nothing-to-check`; what opening the reference throws; `aborted`
 */
export async function verifyImages(
  from: Location | string,
  options: VerifyImagesOptions = {},
): Promise<ImagesReport> {
  const location = typeof from === "string" ? parseLocation(from) : from;
  const isPlain =
    location.kind === "dir" || (location.kind === "path" && !(await isLayout(location.path)));
  if (isPlain) return verifyDirectory(location, options);
  return withSource(location, options, (source) => verifyStore(source, options));
}

async function verifyDirectory(
  location: Location,
  options: VerifyImagesOptions,
): Promise<ImagesReport> {
  const { root, close } = await openRootFilesystem(location, options);
  try {
    const { limits, signal, onProgress } = options;
    const read = createObjectReader(root, { signal });
    const platform = options.platform ?? (await guessPlatform(root, options));
    const checks = options.checks?.begin({ root, image: undefined, platform, limits, signal });
    const survey = await surveyRoot(root, { visit: checks?.visit, onProgress, signal });
    const architecture = platform?.architecture;
    const verified = await verifyRoot({ root, read }, survey, {
      ...{ architecture, limits, signal, checks, onProgress },
    });
    const { checked, closure, started } = verified;
    const findings = errorsFirst(verified.findings);
    if (checked.programs + checked.scripts === 0 && findings.length === 0) {
      throw new OciError("nothing-to-check", `${root.name}: expected programs, found none`);
    }
    const ok = !findings.some(isError);
    const image: ImageReport = {
      ...{ name: root.name, digest: undefined, platform: undefined, findings, ok },
      checked: { layers: 0, ...checked },
      policies: checks?.policies,
    };
    options.onExamined?.({ report: image, root, image: undefined, indexes: [], closure, started });
    return {
      name: root.name,
      content: undefined,
      images: [image],
      verdict: ok ? "holds" : "wrong",
    };
  } finally {
    await close();
  }
}

/** Further checks have to know the platform before the walk: that of most programs, which takes a walk of its own. */
async function guessPlatform(
  root: RootFilesystem,
  { checks, signal }: VerifyImagesOptions,
): Promise<Platform | undefined> {
  if (checks === undefined) return undefined;
  const architecture = usualMachine(await surveyRoot(root, { signal }));
  return architecture === undefined ? undefined : { os: "linux", architecture };
}

async function verifyStore(
  source: OpenReference,
  options: VerifyImagesOptions,
): Promise<ImagesReport> {
  const { store, location } = source;
  const { signal, limits } = options;
  const whole = source.reference === undefined && store.capabilities.roots !== undefined;
  const all = whole ? await store.capabilities.roots({ signal }) : [await source.root({ signal })];
  const roots = options.platform === undefined ? all : await forPlatform(store, all, options);
  const verified = new Set<Digest>();
  const attempts = await lookInto(source, roots, options, (digest) => verified.add(digest));
  const content = await verifyContent(store, roots, {
    ...{ verified, signal, limits },
    sparse: location.kind === "oci-archive" || location.kind === "docker-archive",
    layout: whole && options.platform === undefined ? await layoutOf(source) : undefined,
    onProgress: options.onContent,
  });
  const absent = [...content.absent, ...((await store.capabilities.absent?.(options)) ?? [])];
  if (content.checked === 0 && content.findings.length === 0) {
    throw new OciError("nothing-to-check", `${store.name}: expected content to verify, found none`);
  }
  const images = attempts
    .filter((attempt) => !absent.some(({ digest }) => digest === attempt.descriptor.digest))
    .map((attempt) => reportOf(attempt, store.name, content));
  return {
    name: store.name,
    content: { ...content, absent },
    images,
    verdict: judge(content, images),
  };
}

/** @throws OciError `not-found` when no root has one */
async function forPlatform(
  store: ReadableStore,
  roots: readonly Descriptor[],
  options: VerifyImagesOptions,
): Promise<readonly Descriptor[]> {
  const { platform } = options;
  const [first] = roots;
  if (platform === undefined || first === undefined) return roots;
  const found: Descriptor[] = [];
  for (const root of roots) {
    const { images } = await listImages(store, root, options);
    found.push(...imagesFor(images, platform));
  }
  return found.length > 0 ? found : [await findImage(store, first, platform, options)];
}

function judge(
  { findings }: VerifiedContent,
  images: readonly ImageReport[],
): ImagesReport["verdict"] {
  const isWrong =
    findings.some(({ code }) => code !== "unreadable") ||
    images.some((image) => image.findings.some(isError));
  if (isWrong) return "wrong";
  return findings.length === 0 ? "holds" : "unknown";
}

/** What came of looking into one image, or into one root. */
type Attempt = { readonly descriptor: Descriptor } & (
  { readonly report: ImageReport } | { readonly error: OciError }
);

async function lookInto(
  { store }: OpenReference,
  roots: readonly Descriptor[],
  options: VerifyImagesOptions,
  onLayerRead: (digest: Digest) => void,
): Promise<readonly Attempt[]> {
  const attempts = new Map<string, Attempt>();
  const attempt = async (
    descriptor: Descriptor,
    look: () => Promise<ImageReport | undefined>,
  ): Promise<void> => {
    const { digest, platform } = descriptor;
    const key = `${digest} ${platform === undefined ? "" : formatPlatform(normalisePlatform(platform))}`;
    if (attempts.has(key)) return;
    try {
      const report = await look();
      if (report !== undefined) attempts.set(key, { descriptor, report });
    } catch (error) {
      if (!isOciError(error) || error.code === "aborted") throw error;
      attempts.set(key, { descriptor, error });
    }
  };
  for (const root of roots) {
    await attempt(root, async () => {
      const { images } = await listImages(store, root, options);
      const wanted = options.platform === undefined ? images : imagesFor(images, options.platform);
      for (const descriptor of wanted) {
        await attempt(descriptor, async () => {
          const image = await readImage(store, descriptor, options);
          return verifyImage(image, { ...options, entry: descriptor.platform, onLayerRead });
        });
      }
      return undefined;
    });
  }
  return [...attempts.values()];
}

/** What could not be opened is a finding, unless the findings about its content say why. */
function reportOf(attempt: Attempt, store: string, content: VerifiedContent): ImageReport {
  if ("report" in attempt) return attempt.report;
  const { descriptor, error } = attempt;
  const isExplained = content.findings.length > 0;
  if (!isExplained && OUTSIDE.has(error.code)) throw error;
  // A layer that is published elsewhere may be absent. Then nothing can be said of the image.
  const severity = error.code === "not-found" ? "note" : "error";
  return {
    name: `${store}@${descriptor.digest}`,
    digest: descriptor.digest,
    platform: descriptor.platform,
    checked: undefined,
    findings: isExplained
      ? []
      : [{ code: "invalid-image", severity, path: undefined, message: error.message }],
    ok: severity === "note" && !isExplained,
  };
}

/** The image was not what failed. */
const OUTSIDE: ReadonlySet<string> = new Set<OciError["code"]>([
  ...(["unreadable", "unwritable", "locked", "changed-meanwhile", "unauthorized"] as const),
  ...(["unreachable", "registry-refused", "redirect-refused", "insecure-transport"] as const),
]);

async function layoutOf({ location }: OpenReference): Promise<LayoutStore | undefined> {
  if (location.kind === "oci") return openLayout(location.directory);
  return location.kind === "path" ? openLayout(location.path) : undefined;
}
