// SPDX-License-Identifier: MIT
import type { AssembleProgress } from "../../../assemble/assemble-options.ts";
import type { CompressionWish } from "../../../bytes/level/compression-choice.ts";
import type { Recipe } from "../../../assemble/recipe/recipe.ts";
import type { OpenOptions } from "../../../image/open-reference.ts";
import type { GateName } from "../../../publish/gates/gate.ts";
import type { VerifyBeforeOptions } from "../../../publish/unfit-images.ts";
import type { CopyEvent } from "../../../store/copy/transfer.ts";
import type { BuilderChoice } from "../../buildkit/builders/builder-choice.ts";
import type { BuildEvent } from "../../buildkit/progress/build-event.ts";
import type { PushBuiltEvent } from "../../buildkit/push/push-built.ts";
import type { ContextSize } from "../../context/walk/context-size.ts";
import type { UnitSelection } from "../../graph/select-units.ts";
import type { ProvenanceKeys } from "../../images/provenance-keys.ts";
import type { LayoutPlaces } from "../../graph/declaration.ts";
import type { UnitEnd } from "./unit-end.ts";

/** What happens in a run. `unit` is an id. */
export type RunEvent =
  | { readonly kind: "unit-started"; readonly unit: string }
  | { readonly kind: "unit-ended"; readonly unit: string; readonly end: UnitEnd }
  /** What BuildKit is about to be sent. */
  | { readonly kind: "context"; readonly unit: string; readonly size: ContextSize }
  | { readonly kind: "warning"; readonly unit: string; readonly message: string }
  | { readonly kind: "building"; readonly unit: string; readonly event: BuildEvent }
  | { readonly kind: "pushing"; readonly unit: string; readonly event: PushBuiltEvent | CopyEvent }
  | { readonly kind: "assembling"; readonly unit: string; readonly event: AssembleProgress };

/** What every look at a chain's inputs needs. */
export interface ChainPlaceOptions extends OpenOptions, LayoutPlaces {
  /** The directory of this chain's state: status, logs, what is built and not pushed yet. An absolute path. */
  readonly state: string;
  /** The cache directory: sizes, digests of files, records of inputs. */
  readonly cache: string;
  readonly keys: ProvenanceKeys;
  /** Whether images are kept in the graph's repository. Otherwise they are in layouts. */
  readonly push: boolean;
  readonly builders: BuilderChoice;
  /** Where `PATH` and the like are read. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What looks at units that are assembled needs besides. */
export interface RecipeOptions {
  /** The recipe of an architecture, as the configuration says it. Its inputs are replaced by what is pinned. */
  readonly recipe: (architecture: string) => Recipe;
  /** How their layers are compressed. Default: as `assembleTo` does. */
  readonly compression?: CompressionWish | undefined;
}

/** Options of `runChain` and `planRun`. */
export interface RunOptions extends ChainPlaceOptions, RecipeOptions {
  readonly selection?: UnitSelection | undefined;
  /** How many units are made at a time. */
  readonly parallel: number;
  readonly mirrors: boolean;
  readonly noCache: boolean;
  readonly pull: boolean;
  /** Gates of the index that are overridden, on record. */
  readonly force?: readonly GateName[] | undefined;
  /** How what is pushed is looked into before, as for `publishIndex`. Default: not at all. */
  readonly verify?: VerifyBeforeOptions | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: RunEvent) => void) | undefined;
}
