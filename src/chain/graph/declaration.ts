// SPDX-License-Identifier: MIT

/** On which side of the compiler a stage is: built on the build platform, or made for the target. */
export type Lane = "cross" | "runtime";

/** How a stage becomes an image: built by BuildKit, assembled by the recipe, or joined to one index. */
export type StageKind = "build" | "recipe" | "index";

/** Where a secret comes from. Its value is never part of the graph. */
export type SecretSource =
  { readonly env: string } | { /** Relative to the project. */ readonly file: string };

/** What BuildKit is asked for. Texts may hold `${NAME}`; paths are relative to the project. */
export interface BuildDeclaration {
  readonly dockerfile: string;
  /** The directory that is sent. Default: the project. */
  readonly context?: string | undefined;
  readonly target?: string | undefined;
  /** The build argument that receives the pinned parent. Default: `BASE_IMAGE`. */
  readonly parentArg?: string | undefined;
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** By the name under which the Dockerfile mounts it. */
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  /** Agent sockets or keys, as `default` or `NAME=PATH`. */
  readonly ssh?: readonly string[] | undefined;
  /** `default`, `none` or `host`, when it is expanded. */
  readonly network?: string | undefined;
  /** Addresses by host name. */
  readonly addHosts?: Readonly<Record<string, string>> | undefined;
  /** Cache sources in BuildKit's words, as `type=registry,ref=…`. */
  readonly cacheFrom?: readonly string[] | undefined;
  readonly cacheTo?: readonly string[] | undefined;
  /** The most memory in bytes. */
  readonly memory?: number | undefined;
  /** The most processors. */
  readonly cpus?: number | undefined;
  /** The cgroup of the builder's machine in which its programs run. */
  readonly cgroupParent?: string | undefined;
}

/** A stage as it is declared, for every architecture, variant and build platform. */
export interface StageDeclaration {
  readonly name: string;
  readonly lane: Lane;
  readonly kind: StageKind;
  /** Whether each architecture has an image of its own. */
  readonly perArchitecture: boolean;
  /** The architectures that it is made for. Default: all. */
  readonly architectures?: readonly string[] | undefined;
  /** The stage that it is made from. */
  readonly parent?: string | undefined;
  /** For a build without a parent: the image from outside that it starts from. */
  readonly from?: string | undefined;
  /** Further stages that it is made from: by named context for a build, by `base` or artifact for a recipe. */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  /** A template: `${ARCH}`, `${BUILD_ARCH}`, `${HOST_SUFFIX}`, `${HOST_MARK}`, `${VARIANT}`, `${VARIANT_SUFFIX}`. */
  readonly tag: string;
  /** The directory in which its image is saved, a template too. */
  readonly layout?: string | undefined;
  /** Nothing depends on it, and it is built only when it is named. */
  readonly optional: boolean;
  /** The stage exists only in this variant. */
  readonly variant?: string | undefined;
  /** Where its programs run: on the build platform, or on the target's, which may need an emulator. */
  readonly runsOn: "build" | "target";
  /** Only for the kind `build`. */
  readonly build?: BuildDeclaration | undefined;
}

/** A variant of the family: one more stage, and who follows it. */
export interface VariantDeclaration {
  /** The stages that have another parent in this variant, with that parent. */
  readonly parents: Readonly<Record<string, string>>;
  /** The architectures that have this variant. Default: all. */
  readonly architectures?: readonly string[] | undefined;
  /** Whether it may be built for another architecture than the build platform's. */
  readonly cross: boolean;
  /** The build platforms from which it may be pushed. Default: all. */
  readonly pushFrom?: readonly string[] | undefined;
}

/** A family's chain of stages as it is declared. Texts are templates. */
export interface ChainDeclaration {
  /** The repository of all stages, without a tag. Undefined: images are kept in layouts alone. */
  readonly repository: string | undefined;
  /** Each as `amd64` or `linux/arm/v7`. */
  readonly architectures: readonly string[];
  /** Further tags of an index, by its tag. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  /** The platforms that stages may be built on. The first is the usual one, which no tag has to name. */
  readonly buildPlatforms: readonly string[];
  readonly variants: Readonly<Record<string, VariantDeclaration>>;
  readonly stages: readonly StageDeclaration[];
  /** Build arguments that only say where packages are fetched from. They never change a result. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** The variables of templates: those that all architectures share. */
  readonly variables: Readonly<Record<string, string>>;
  /** All variables of one architecture. */
  readonly architectureVariables: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where layouts are, so that two ways to write one directory are known as one. Default: the working directory. */
  readonly places?: LayoutPlaces | undefined;
}

/** Where layouts of images are. */
export interface LayoutPlaces {
  /** The directory of the project, below which the layouts are that stages name. */
  readonly directory: string;
  /** The directory of the layouts of images that name none. All variants share it. An absolute path. */
  readonly layouts: string;
}

/** One thing that is wrong with a declaration. `path` leads to it from the root of the configuration. */
export interface ChainProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
