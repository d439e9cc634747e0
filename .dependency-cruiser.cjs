/** The import rules of ARCHITECTURE.md: contracts <- core <- answers <- checks <- reasoning; core, grammar <- models; core <- queue, store <- api; only entries construct. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|workers|test|bench|eval|console)/', pathNot: allowed },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('contracts-stand-alone', '^src/contracts/', '^src/contracts/'),
    only('evaluator-stands-alone', '^src/evaluator/', '^src/evaluator/'),
    only('outbound-stands-alone', '^src/outbound/', '^src/outbound/'),
    only('core-knows-contracts', '^src/core/', '^src/(contracts|core)/'),
    only('answers-know-contracts-and-the-evaluator', '^src/answers/', '^src/(answers|contracts|evaluator)/'),
    only('checks-know-how-answers-are-read', '^src/checks/', '^src/(answers|checks|contracts|core|evaluator)/'),
    only(
      'reasoning-knows-ports-and-no-model',
      '^src/reasoning/',
      '^src/(answers|checks|contracts|core|evaluator|reasoning)/',
    ),
    only('grammar-knows-contracts-and-core', '^src/grammar/', '^src/(contracts|core|grammar)/'),
    only('models-know-nothing-of-reasoning', '^src/models/', '^src/(contracts|core|evaluator|grammar|models)/'),
    only('queue-knows-contracts-and-core', '^src/queue/', '^src/(contracts|core|queue)/'),
    only('store-knows-contracts-and-core', '^src/store/', '^src/(contracts|core|store)/'),
    only(
      'api-knows-the-ports-and-what-reads-keys',
      '^src/api/',
      '^src/(api|contracts|core)/|^src/store/(sealer|key-store|request-limiter|usage-ledger)\\.ts$',
    ),
    only('worker-knows-the-ports', '^src/worker/', '^src/(checks|contracts|core|reasoning|tools|worker)/'),
    only('tools-know-contracts-core-and-outbound', '^src/tools/', '^src/(contracts|core|outbound|tools)/'),
    only('telemetry-knows-the-ports', '^src/telemetry/', '^src/(contracts|core|telemetry)/'),
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
