// SPDX-License-Identifier: MIT
/**
 * Which files go into which layer: components, stable groups of them, what a previous image already has, and images
 * rechunked that way.
 * @module
 */
export * from "./broken-limits.ts";
export type { Component } from "./components/component.ts";
export type { DeclaredComponent } from "./components/declared-component.ts";
export * from "./components/find-components.ts";
export * from "./groups/layer-group.ts";
export { habitsAt } from "./habits-at.ts";
export * from "./open-previous-image.ts";
export type { DropReason } from "./plan/choose-dropped.ts";
export type { PreviousImage, PreviousLayer } from "./plan/kept-layers.ts";
export type { ComponentShare } from "./plan/new-layer.ts";
export type { PlanLayersOptions } from "./plan/plan-layers.ts";
export * from "./rechunk-image.ts";
export * from "./rechunk-reference.ts";
