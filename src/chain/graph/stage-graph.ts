// SPDX-License-Identifier: MIT
import type { Platform } from "../../oci/platform.ts";
import type { Lane, SecretSource, StageDeclaration, StageKind } from "./declaration.ts";

/** What BuildKit is asked for to make one unit. Everything is expanded; paths are relative to the project. */
export interface UnitBuild {
  readonly dockerfile: string;
  readonly context: string;
  readonly target: string | undefined;
  /** The build argument that receives the pinned parent. */
  readonly parentArg: string;
  /** Without the parent's, and without mirrors. */
  readonly args: Readonly<Record<string, string>>;
  /** Build arguments that never change the result: they stay out of the input key. */
  readonly mirrors: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  readonly ssh: readonly string[];
  readonly network: "default" | "none" | "host";
  readonly addHosts: Readonly<Record<string, string>>;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly memory: number | undefined;
  readonly cpus: number | undefined;
  readonly cgroupParent: string | undefined;
}

/** Another unit that a unit is made from. */
export interface UnitInput {
  /** `parent`; or the named context, `base` or artifact that it is. */
  readonly name: string;
  /** The unit's {@link StageUnit.id}. */
  readonly unit: string;
}

/** One image of the family: a stage for one architecture, or a stage that all share. */
export interface StageUnit {
  /** `sdk-arm64`, or `base` for a shared stage. */
  readonly id: string;
  readonly stage: string;
  readonly lane: Lane;
  readonly kind: StageKind;
  /** As the configuration writes it; undefined for a shared stage. */
  readonly architecture: string | undefined;
  readonly tag: string;
  /** Of an index: further tags of the same index. */
  readonly aliases: readonly string[];
  /** `host/repository:tag`; undefined without a repository. */
  readonly reference: string | undefined;
  /** What it is made from, the parent first. Of an index: its images. */
  readonly inputs: readonly UnitInput[];
  /** The image from outside that it starts from, if it has no parent. */
  readonly from: string | undefined;
  /** The platform of its image: the build platform's in the cross lane, the target's in the runtime lane. */
  readonly platform: Platform;
  /** The platform that its programs run on while it is made. */
  readonly runsOn: Platform;
  /** The directory in which its image is saved, relative to the project. */
  readonly layout: string | undefined;
  readonly optional: boolean;
  readonly variant: string | undefined;
  readonly build: UnitBuild | undefined;
}

/** The stages of one variant on one build platform, and the images that follow from them. */
export interface StageGraph {
  readonly repository: string | undefined;
  readonly architectures: readonly string[];
  readonly buildPlatform: Platform;
  readonly variant: string | undefined;
  /** Each after everything that it is made from, with the parent that this variant gives it. */
  readonly stages: readonly StageDeclaration[];
  /** In the order of the stages, then of the architectures. */
  readonly units: readonly StageUnit[];
}

/** The unit of this id. @throws RangeError when there is none: the graph is checked when it is made */
export function unitOf(graph: StageGraph, id: string): StageUnit {
  const unit = graph.units.find((one) => one.id === id);
  if (unit === undefined) throw new RangeError(`no unit ${id}`);
  return unit;
}
