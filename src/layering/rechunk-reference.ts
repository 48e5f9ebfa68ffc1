// SPDX-License-Identifier: MIT
import {
  besides,
  rootOf,
  withSource,
  withTarget,
  type Named,
  type SourceOptions,
  type TargetOptions,
  type WrittenTo,
} from "../image/by-reference/with-reference.ts";
import { editImages, type EditedImages } from "../image/edit/edit-images.ts";
import type { WriteProgress } from "../image/edit/write-image.ts";
import { findImage } from "../image/find-image.ts";
import { readImage, type Image } from "../image/image.ts";
import type { ImageView } from "../image/edit/image-view.ts";
import { parseLocation, type Location } from "../image/location.ts";
import { platformOf } from "../image/list-images.ts";
import { openPrevious } from "../image/open-previous.ts";
import { openReference, type OpenReference } from "../image/open-reference.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../oci/errors.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { RegistryHabits } from "../registry/habits/registry-habits.ts";
import { habitsAt } from "./habits-at.ts";
import { openPreviousImage } from "./open-previous-image.ts";
import type { PreviousImage } from "./plan/kept-layers.ts";
import {
  rechunkImage,
  type RechunkedImage,
  type RechunkImageOptions,
  type RechunkProgress,
} from "./rechunk-image.ts";
import { measuringStore } from "./write/measuring-store.ts";

/** What is assumed where the caller says nothing. */
export const RECHUNK_DEFAULTS = Object.freeze({ maxLayers: 60, maxDead: 0.02 });

export interface RechunkReferenceOptions
  extends
    SourceOptions,
    TargetOptions,
    Pick<RechunkImageOptions, "components" | "compression" | "level" | "cache"> {
  /**
   * The image whose layers are kept where they still hold. Default: what the target's tag names now. Null keeps
   * nothing, so that all layers are new.
   */
  readonly previous?: Named | null | undefined;
  /** The most layers of an image, from 2 to 120. Default: 60. */
  readonly maxLayers?: number | undefined;
  /** The share of dead bytes that is allowed, from 0 to 1. Default: 0.02. */
  readonly maxDead?: number | undefined;
  /** Whether a file whose time alone differs is written anew. Default: false. */
  readonly exactTimes?: boolean | undefined;
  /** Called synchronously; a returned promise is not awaited. */
  readonly onProgress?: ((event: WriteProgress | RechunkProgress) => void) | undefined;
}

/** What was rechunked, or would be in a dry run. */
export interface Rechunked extends EditedImages {
  /** The images in the order of the index, each once. */
  readonly rechunked: readonly (RechunkedImage & { readonly platform: string })[];
  /** Of the registry that is written to. */
  readonly habits: Pick<RegistryHabits, "name" | "blobBytes" | "uploadTime"> | undefined;
}

/** Docker's storage takes 127, and an image is built on. */
const MOST_LAYERS = 120;

/**
 * Writes the image that a reference names, or each image of an index, to another reference with layers of which a
 * rebuild changes few, as {@link rechunkImage} makes them.
 * @throws OciError `invalid-argument`; whatever opening the references, rechunking and `editImages` throw
 */
export async function rechunkReference(
  from: Named,
  to: Named,
  options: RechunkReferenceOptions = {},
): Promise<Rechunked & WrittenTo> {
  const { maxLayers, maxDead } = checkOptions(options);
  const location = typeof to === "string" ? parseLocation(to) : to;
  const habits = habitsAt(location, options);
  const reading = besides(location, options);
  const previous = await openEarlier(location, reading);
  try {
    return await withSource(from, reading, async (source) => {
      const root = await rootOf(source, options);
      return withTarget(location, options, async ({ store, tag }) => {
        const rechunked: Rechunked["rechunked"][number][] = [];
        const place = options.dryRun === true ? measuringStore(store) : store;
        const edit = async (view: ImageView): Promise<ImageView> => {
          const { exactTimes = false, ...rest } = options;
          const layerBytes = habits?.blobBytes ?? Infinity;
          const how = { ...rest, maxLayers, maxDead, exactTimes, layerBytes };
          const earlier = await findEarlier(previous, view, how);
          const made = await rechunkImage(view, place, earlier.previous, how);
          const platform = formatPlatform(platformOf(view.config.value));
          const notices = [...earlier.notices, ...made.rechunked.notices];
          rechunked.push({ ...made.rechunked, platform, notices });
          return made.view;
        };
        const edited = await editImages(source.store, root, place, edit, { ...options, tag });
        return { ...edited, rechunked, habits };
      });
    });
  } finally {
    await previous?.close();
  }
}

function checkOptions({
  maxLayers = RECHUNK_DEFAULTS.maxLayers,
  maxDead = RECHUNK_DEFAULTS.maxDead,
}: RechunkReferenceOptions): Pick<RechunkImageOptions, "maxLayers" | "maxDead"> {
  const refuse = (what: string, got: number): OciError =>
    new OciError("invalid-argument", `${what}, got ${got}`);
  if (!Number.isInteger(maxLayers) || maxLayers < 2 || maxLayers > MOST_LAYERS) {
    throw refuse(`maxLayers: expected a whole number from 2 to ${MOST_LAYERS}`, maxLayers);
  }
  if (!(maxDead >= 0 && maxDead <= 1))
    throw refuse("maxDead: expected a share from 0 to 1", maxDead);
  return { maxLayers, maxDead };
}

/** Where the previous image is: undefined for its root where the target names no single one. */
type Earlier = OpenReference & { readonly named: Descriptor | undefined };

/** The image or index whose layers may be kept. Undefined if there is none yet; one that is named has to be there. */
async function openEarlier(
  to: Location,
  options: RechunkReferenceOptions,
): Promise<Earlier | undefined> {
  const { previous } = options;
  if (previous === null) return undefined;
  const opened =
    previous === undefined
      ? await openPrevious(to, options)
      : await openReference(previous, options);
  if (opened === undefined) return undefined;
  try {
    return { ...opened, named: await opened.root(options) };
  } catch (error) {
    if (previous === undefined && isOciError(error, "ambiguous")) {
      return { ...opened, named: undefined };
    }
    await opened.close();
    if (previous === undefined && isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

async function findEarlier(
  earlier: Earlier | undefined,
  { config }: ImageView,
  options: RechunkReferenceOptions & { readonly maxLayers: number },
): Promise<{ readonly previous?: PreviousImage; readonly notices: readonly string[] }> {
  if (earlier === undefined) return { notices: [] };
  const platform = platformOf(config.value);
  const { store, named } = earlier;
  if (named === undefined)
    return { notices: [`previous image: ${store.name} has several: all layers are new`] };
  let image: Image;
  try {
    image = await readImage(store, await findImage(store, named, platform, options), options);
  } catch (error) {
    if (!isOciError(error, "not-found", "unsupported-media-type")) throw error;
    return {
      notices: [`previous image: none for ${formatPlatform(platform)}: all layers are new`],
    };
  }
  const outcome = await openPreviousImage(image, options);
  if (outcome.kind === "usable") return { previous: outcome.previous, notices: [] };
  return {
    notices: [`previous image ${image.descriptor.digest}: ${outcome.why}; all layers are new`],
  };
}
