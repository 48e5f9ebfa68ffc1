// SPDX-License-Identifier: MIT
import type { DeclaredComponent } from "../../layering/components/declared-component.ts";
import type { Platform } from "../../oci/platform.ts";

/**
 * What one image is made of: typed values, for one platform, with all variables expanded except in {@link
 * ImageSettings.env}. `src/config` makes one from a file or from flags; a program can write it directly.
 */
export interface Recipe {
  /** The platform of the new image. The base has to be for this platform; artifacts may be for any. */
  readonly platform: Platform;
  readonly base: Base;
  /** The sources that steps copy from, by name. */
  readonly artifacts: Readonly<Record<string, Artifact>>;
  /** The layers above the base's, from the lowest to the topmost. */
  readonly layers: readonly LayerRecipe[];
  readonly config?: ImageSettings | undefined;
  /** Variables that `${NAME}` in a value of `config.env` may name, besides those of the image itself. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Further annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly provenance?: Provenance | undefined;
}

/** The image to build on: a reference as `openReference` of `src/image` takes it, or `scratch` for nothing at all. */
export type Base = ImageInput | "scratch";

/** An image by its reference (`host/repo:tag`, `oci:DIR`, `docker-archive:FILE`, …). */
export interface ImageInput {
  readonly reference: string;
  /**
   * Which child of an index, as `linux/amd64`. Default: the recipe's platform, or the only child if there
   * is just one.
   */
  readonly platform?: string | undefined;
}

/** A plain directory. The settings decide what to do with metadata that differs between machines. */
export interface DirectoryInput {
  readonly directory: string;
  /** Default 0:0. `keep` uses the owners on the disk. */
  readonly owner?: Owner | "keep" | undefined;
  /** Default `epoch` (1970-01-01), so that a fresh checkout gives the same bytes. */
  readonly times?: "epoch" | "keep" | undefined;
  /**
   * Extended attributes (file capabilities, ACLs, `user.*`). Default `drop-labels`: all but SELinux labels,
   * which belong to the machine's policy. `keep` includes the labels, `drop` takes no attributes.
   * Attributes that can't be read on this machine are left out with a warning.
   */
  readonly xattrs?: "drop-labels" | "keep" | "drop" | undefined;
}

/** A source of files. */
export type Artifact = ImageInput | DirectoryInput;

/** The unit of change: a layer's digest depends only on what its own steps name. */
export interface LayerRecipe {
  /** Unique in the recipe; recorded in the image's history. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Divides what the steps copy among several layers, of which a later version changes few. Default: one layer. */
  readonly split?: Split | undefined;
}

/** How a layer is divided: as `rechunk` divides an image. */
export interface Split {
  /** The most layers, from 2 to 120. Default 60. */
  readonly layers?: number | undefined;
  /** Files that belong together, before what the artifact's packages say. */
  readonly components?: readonly DeclaredComponent[] | undefined;
}

/** One change to a layer. Steps apply in order; if several name a path, the last one decides it. */
export type Step = CopyStep | LinkStep | AlternativeStep | FileStep | DirectoryStep | RemoveStep;

/**
 * Copies a path with everything below it, or everything that a pattern matches, from an artifact. Links are
 * copied, never followed.
 */
export interface CopyStep {
  readonly kind: "copy";
  /** The artifact's name. */
  readonly from: string;
  /** Absolute; a pattern if it contains `*`, `?`, `[` or `{` (see `compileGlob`). */
  readonly path: string;
  /**
   * The destination, absolute. Default: the same path as in the artifact. For a plain path it is the new
   * path itself. For a pattern, or when it ends with `/`, it is the directory that the copies are put into
   * under their own names.
   */
  readonly to?: string | undefined;
  readonly owner?: Owner | undefined;
  readonly mode?: ModeChange | undefined;
  /**
   * Patterns of what to leave out. Absolute ones match the path in the artifact, others the path relative
   * to the copied directory.
   */
  readonly exclude?: readonly string[] | undefined;
  /** What to do if nothing is there: an error (default), a warning, or an empty directory at the destination. */
  readonly missing?: "error" | "warn" | "directory" | undefined;
  /** Default `keep`. `clamp` limits times to `sourceDateEpoch`, if that is given. */
  readonly times?: "keep" | "clamp" | undefined;
}

/** Makes a symbolic link. */
export interface LinkStep {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
  /** Makes the link only if neither the base nor this layer has the path. Default false. */
  readonly ifAbsent?: boolean | undefined;
  readonly owner?: Owner | undefined;
}

/** Makes a Debian alternative: `link -> /etc/alternatives/<name> -> path`, and dpkg's record of it. */
export interface AlternativeStep {
  readonly kind: "alternative";
  readonly name: string;
  readonly link: string;
  readonly path: string;
  readonly priority: number;
  readonly slaves?: readonly AlternativeSlave[] | undefined;
}

/** A link that follows its master alternative, as `c++` may follow `cc`. */
export interface AlternativeSlave {
  readonly name: string;
  readonly link: string;
  readonly path: string;
}

/** Writes a small file. */
export interface FileStep {
  readonly kind: "file";
  readonly path: string;
  /** Text is written as UTF-8. */
  readonly content: string | Uint8Array;
  /** Default 0o644. */
  readonly mode?: number | undefined;
  readonly owner?: Owner | undefined;
}

/** Makes a directory, or changes the owner and mode of an existing one. */
export interface DirectoryStep {
  readonly kind: "directory";
  readonly path: string;
  /** Default 0o755. */
  readonly mode?: number | undefined;
  readonly owner?: Owner | undefined;
}

/** Removes what the base, an earlier layer or an earlier step put at a path (with a whiteout). */
export interface RemoveStep {
  readonly kind: "remove";
  readonly path: string;
}

/** Numbers only: names have no meaning outside an image. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** New permission bits. Bits that are not given stay as they are. */
export interface ModeChange {
  readonly files?: number | undefined;
  readonly directories?: number | undefined;
}

/** How the image runs. Settings that are not given are inherited from the base. */
export interface ImageSettings {
  /**
   * In this order. `${NAME}` is the recipe's variable; if there is none, it is the value in the environment
   * so far (the base's, then earlier keys). `${base.NAME}` is the base's value. `$$` is a dollar sign. An
   * undefined name is an error.
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** A new entrypoint drops the inherited `cmd`, as in a Dockerfile. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  /** Added to the base's volumes. */
  readonly volumes?: readonly string[] | undefined;
  /** Added to the base's ports, as `8080/tcp`. */
  readonly ports?: readonly string[] | undefined;
  readonly healthcheck?: HealthcheckSettings | undefined;
  readonly stopSignal?: string | undefined;
  readonly author?: string | undefined;
}

/** Durations in milliseconds; `test` as `["CMD", …]`, `["CMD-SHELL", "…"]` or `["NONE"]`. */
export interface HealthcheckSettings {
  readonly test: readonly string[];
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
  readonly startPeriod?: number | undefined;
  readonly startInterval?: number | undefined;
  readonly retries?: number | undefined;
}

/** Which annotations record where the image came from. The keys default to those of `AnnotationKey`. */
export interface Provenance {
  /** The artifact that is the parent. Default: the only artifact; none if there are several. */
  readonly parent?: string | undefined;
  /** The name of the parent's stage. Default: the artifact's name. */
  readonly parentStage?: string | undefined;
  readonly keys?: { readonly [K in keyof ProvenanceKeys]?: string | undefined } | undefined;
}

/** The annotation keys that provenance is recorded under. */
export interface ProvenanceKeys {
  readonly parentDigest: string;
  readonly parentStage: string;
  readonly runId: string;
}
