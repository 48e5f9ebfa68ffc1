// SPDX-License-Identifier: MIT
import type { Platform } from "../../oci/platform.ts";

/**
 * What one image is made of: typed values, for one platform, every variable expanded but those of
 * {@link ImageSettings.env}. `src/config` makes one from a file or from flags; a program just writes it.
 */
export interface Recipe {
  /** What is made. The base has to be of this platform; artifacts may be of any. */
  readonly platform: Platform;
  readonly base: Base;
  /** What steps copy from, by name. */
  readonly artifacts: Readonly<Record<string, Artifact>>;
  /** From the lowest to the topmost, above the base's. */
  readonly layers: readonly LayerRecipe[];
  readonly config?: ImageSettings | undefined;
  /** What `${NAME}` in a value of `config.env` may name besides the variables of the image itself. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Further annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly provenance?: Provenance | undefined;
}

/** The image below: a reference as `openReference` of `src/image` takes it, or nothing at all. */
export type Base = ImageInput | "scratch";

/** An image by its reference (`host/repo:tag`, `oci:DIR`, `docker-archive:FILE`, …). */
export interface ImageInput {
  readonly reference: string;
  /** Which child of an index, as `linux/amd64`. Default: the recipe's platform, else the only child. */
  readonly platform?: string | undefined;
}

/** A plain directory. What differs by machine is set here. */
export interface DirectoryInput {
  readonly directory: string;
  /** Default 0:0. `keep` takes the owners of the disk. */
  readonly owner?: Owner | "keep" | undefined;
  /** Default `epoch` (1970-01-01), so that a fresh checkout gives the same bytes. */
  readonly times?: "epoch" | "keep" | undefined;
  /**
   * Extended attributes (file capabilities, ACLs, `user.*`). Default `drop-labels`: all but SELinux
   * labels, which are the machine's policy. `keep` takes those, too. `drop` takes none. What can't be
   * read on this machine is left out with a warning.
   */
  readonly xattrs?: "drop-labels" | "keep" | "drop" | undefined;
}

/** Where files come from. */
export type Artifact = ImageInput | DirectoryInput;

/** A unit of change: its digest depends on what its own steps name and on nothing else. */
export interface LayerRecipe {
  /** Unique in the recipe; kept in the image's history. */
  readonly name: string;
  readonly steps: readonly Step[];
}

/** One thing done to a layer. Steps apply in order: the last one that names a path decides it. */
export type Step = CopyStep | LinkStep | AlternativeStep | FileStep | DirectoryStep | RemoveStep;

/** Copies a path with all below it, or all that a pattern matches, from an artifact. Links are copied, never followed. */
export interface CopyStep {
  readonly kind: "copy";
  /** The artifact's name. */
  readonly from: string;
  /** Absolute; a pattern when it has `*`, `?`, `[` or `{` (see `compileGlob`). */
  readonly path: string;
  /**
   * Absolute; default the same place. Of a plain path it is the new path itself, unless it ends with
   * `/`; of a pattern, or with `/`, the directory that the copies are put into by their own names.
   */
  readonly to?: string | undefined;
  readonly owner?: Owner | undefined;
  readonly mode?: ModeChange | undefined;
  /** Patterns: absolute ones match the path in the artifact, others what follows the copied directory. */
  readonly exclude?: readonly string[] | undefined;
  /** When nothing is there: an error (default), a warning, or an empty directory at the destination. */
  readonly missing?: "error" | "warn" | "directory" | undefined;
  /** Default `keep`. `clamp`: none later than `sourceDateEpoch`, where that is given. */
  readonly times?: "keep" | "clamp" | undefined;
}

/** Makes a symbolic link. */
export interface LinkStep {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
  /** Only where neither the base nor this layer has the path. Default false. */
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

/** Makes a directory, or changes the owner and mode of one. */
export interface DirectoryStep {
  readonly kind: "directory";
  readonly path: string;
  /** Default 0o755. */
  readonly mode?: number | undefined;
  readonly owner?: Owner | undefined;
}

/** Removes what the base, an earlier layer or an earlier step put at a path (a whiteout). */
export interface RemoveStep {
  readonly kind: "remove";
  readonly path: string;
}

/** Numbers only: names have no meaning outside an image. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** New permission bits. What is not given stays. */
export interface ModeChange {
  readonly files?: number | undefined;
  readonly directories?: number | undefined;
}

/** What the image runs with. What is not given is inherited from the base. */
export interface ImageSettings {
  /**
   * In order. `${NAME}` is the recipe's variable, where there is none what the environment holds so far
   * (the base's, then earlier keys); `${base.NAME}` is the base's; `$$` is a dollar sign. A name that is
   * nowhere is an error.
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** A new entrypoint drops the inherited `cmd`, as in a Dockerfile. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  /** Added to the base's. */
  readonly volumes?: readonly string[] | undefined;
  /** Added to the base's: `8080/tcp`. */
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
  /** The artifact that is the parent. Default: the only one; none when there are several. */
  readonly parent?: string | undefined;
  /** What the parent's stage is called. Default: the artifact's name. */
  readonly parentStage?: string | undefined;
  readonly keys?: { readonly [K in keyof ProvenanceKeys]?: string | undefined } | undefined;
}

/** The annotation keys that provenance is recorded under. */
export interface ProvenanceKeys {
  readonly parentDigest: string;
  readonly parentStage: string;
  readonly runId: string;
}
