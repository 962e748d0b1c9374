import { runSeed } from "./run.js";

for (
  let seed = Number(process.argv[2] ?? 1);
  seed <= Number(process.argv[3] ?? process.argv[2] ?? 1);
  seed++
) {
  const t = process.cpuUsage();
  const r = await runSeed({ seed, steps: Number(process.argv[4] ?? 3000) });
  const u = process.cpuUsage(t);
  const { failure, faults, ...rest } = r;
  console.log(
    JSON.stringify(rest),
    ((u.user + u.system) / 1000).toFixed(0) + "ms cpu",
    ((u.user + u.system) / r.steps).toFixed(0) + "us/step",
  );
  if (failure) console.log(failure, JSON.stringify(faults));
}
