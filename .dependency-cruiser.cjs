/** The import rules of ARCHITECTURE.md: evaluator, contracts <- checks <- reasoning <- models; contracts <- queue; contracts, queue port <- api; only entries construct. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|workers|test|bench|eval|console)/', pathNot: allowed },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('contracts-stand-alone', '^src/contracts/', '^src/contracts/'),
    only('evaluator-stands-alone', '^src/evaluator/', '^src/evaluator/'),
    only(
      'reasoning-knows-contracts-checks-the-evaluator-and-the-model-port',
      '^src/reasoning/',
      '^src/(checks|contracts|evaluator|reasoning)/|^src/models/language-model\\.ts$',
    ),
    only(
      'checks-know-contracts-the-evaluator-and-how-answers-are-read',
      '^src/checks/',
      '^src/(checks|contracts|evaluator)/|^src/reasoning/(answer-|normal)[a-z-]*\\.ts$',
    ),
    only(
      'models-know-contracts-the-evaluator-and-reasoning',
      '^src/models/',
      '^src/(contracts|evaluator|reasoning|models)/',
    ),
    only('queue-knows-contracts', '^src/queue/', '^src/(contracts|queue)/'),
    only('store-knows-contracts', '^src/store/', '^src/(contracts|store)/'),
    only(
      'api-knows-contracts-and-the-ports-of-queue-and-store',
      '^src/api/',
      '^src/(contracts|api)/|^src/queue/job-queue\\.ts$|^src/store/(record-store|sealer|key-store|request-limiter|usage-ledger|in-turn)\\.ts$',
    ),
    only(
      'worker-knows-the-ports',
      '^src/worker/',
      '^src/(checks|contracts|reasoning|worker)/|^src/queue/job-queue\\.ts$|^src/models/language-model\\.ts$',
    ),
    only(
      'telemetry-knows-the-ports',
      '^src/telemetry/',
      '^src/(contracts|telemetry)/|^src/queue/job-queue\\.ts$|^src/models/language-model\\.ts$',
    ),
    {
      name: 'the-edge-reaches-nothing-that-workerd-lacks',
      comment: 'files, processes, native modules: none of it is there, and importing it fails or weighs',
      severity: 'error',
      from: { path: '^src/edge' },
      to: {
        path: '^src/(entry|worker|cli|outbound|telemetry)/|^workers/|^(node:)?(fs|child_process|worker_threads|http|os|path|url|v8|vm|module)(/|$)|node_modules/(onnxruntime-node|koffi|@huggingface/transformers|@electric-sql|fs-native-extensions|@hono/node-server|pino|prom-client|@opentelemetry)/',
        reachable: true,
      },
    },
    only('console-knows-contracts', '^console/', '^console/|^src/contracts/'),
    only('outbound-stands-alone', '^src/outbound/', '^src/outbound/'),
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^(src|workers)/' },
      to: { path: '^(test|bench|eval)/' },
    },
    {
      name: 'what-is-packed-never-imports-what-is-not',
      comment: 'eval/ is in the package, for `thinkfirst eval` and `thinkfirst calibrate`; tests are not',
      severity: 'error',
      from: { path: '^eval/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
