// SPDX-License-Identifier: MIT
/**
 * For tests in other projects: the contract that every content store keeps, images and layers made by code
 * (odd and hostile ones too), a real registry with faults (`startRegistry`), and one that only says what it is told. Works with any test runner.
 * @module
 */
export * from "./ask-registry.ts";
export * from "./build-image.ts";
export * from "./faulty-registry.ts";
export { HOSTILE_ATTACKS } from "./hostile/attacks.ts";
export type * from "./hostile/hostile-case.ts";
export { hostileLayers } from "./hostile/hostile-layers.ts";
export { hostileLayerSuite } from "./hostile/hostile-layer-suite.ts";
export type { HostileSubject } from "./hostile/hostile-layer-suite.ts";
export { writeHostileImage } from "./hostile/write-case.ts";
export * from "./list-layer.ts";
export * from "./raw-tar.ts";
export * from "./registry/fault.ts";
export { PERSONALITIES, type PersonalityName } from "./registry/personalities.ts";
export {
  startRegistry,
  type StartRegistryOptions,
  type TestRegistry,
} from "./registry/start-registry.ts";
export { contentStoreSuite } from "./store-contract/content-store-suite.ts";
export type { StoreContract, StoreFixture, TestRunner } from "./store-contract/contract.ts";
