/** What several routes take in their query. */
import { z } from "zod";

/** Query values are text; only plain digits are taken as a number. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: "expected a whole number" })
    .transform(Number)
    .pipe(z.number().min(min).max(max));
