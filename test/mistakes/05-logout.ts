import type { Mistake } from "../grading/catalogue.ts";

export const mistakes: readonly Mistake[] = [];
