import { describe, expect, it } from 'vitest';
import { familyOfName } from '../../../src/models/families/index.ts';

describe('familyOfName', () => {
  it.each([
    ['thinkfirst', ['thinkfirst', 'thinkfirst-135m', 'me/Thinkfirst-135M-GGUF']],
    [
      'qwen3',
      [
        'qwen3:32b',
        'Qwen/Qwen3-8B',
        'unsloth/Qwen3-8B-GGUF',
        'Qwen/Qwen3-30B-A3B-Thinking-2507',
        'Qwen/Qwen3-Next-80B-A3B-Thinking',
        'Qwen/Qwen3.5-4B',
        '/models/Qwen3-0.6B-Q8_0.gguf',
      ],
    ],
    [
      'deepseek-r1-distill',
      [
        'deepseek-r1:7b',
        'deepseek-ai/DeepSeek-R1',
        'deepseek-ai/DeepSeek-R1-0528-Qwen3-8B',
        'deepseek-ai/DeepSeek-R1-Distill-Llama-70B',
        'deepseek-ai/DeepSeek-V3.1-Terminus',
        'deepseek-v3.2',
        'deepseek-reasoner',
        'perplexity-ai/r1-1776',
      ],
    ],
    ['gpt-oss', ['openai/gpt-oss-20b', 'gpt-oss:120b', 'unsloth/gpt-oss-20b-GGUF']],
    [
      'mistral-reasoning',
      ['mistralai/Magistral-Small-2509', 'magistral:24b', 'mistralai/Ministral-3-14B-Reasoning-2512'],
    ],
    ['seed-oss', ['ByteDance-Seed/Seed-OSS-36B-Instruct']],
    ['apriel', ['ServiceNow-AI/Apriel-1.5-15b-Thinker', 'apriel-1.6-15b-thinker']],
    ['gemma4', ['google/gemma-4-31B-it', 'gemma4:12b']],
    [
      'think-tags',
      [
        'Qwen/QwQ-32B',
        'qwq',
        'zai-org/GLM-4.6',
        'glm-4.7-flash',
        'zai-org/GLM-4.5-Air',
        'moonshotai/Kimi-K2-Thinking',
        'MiniMaxAI/MiniMax-M2',
        'MiniMaxAI/MiniMax-M1-80k',
        'HuggingFaceTB/SmolLM3-3B',
        'nvidia/NVIDIA-Nemotron-Nano-9B-v2',
        'nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16',
        'microsoft/Phi-4-mini-reasoning',
        'phi4-reasoning:14b',
        'LiquidAI/LFM2.5-8B-A1B',
        'LiquidAI/LFM2.5-1.2B-Thinking',
        'mistralai/Magistral-Small-2506',
        'baidu/ERNIE-4.5-21B-A3B-Thinking',
        'allenai/Olmo-3-7B-Think',
        'stepfun-ai/Step-3.5-Flash',
        'openbmb/MiniCPM5-1B',
        'open-thoughts/OpenThinker3-7B',
        'open-thoughts/OpenThinker3-7B',
        'smallthinker:3b',
        'PowerInfer/SmallThinker-3B-Preview',
        'deepscaler:1.5b',
        'agentica-org/DeepScaleR-1.5B-Preview',
        'deepcoder:14b',
        'agentica-org/DeepCoder-14B-Preview',
        'nvidia/OpenReasoning-Nemotron-7B',
        'tiiuae/Falcon-H1R-7B',
        'Skywork/Skywork-OR1-7B',
        'WeiboAI/VibeThinker-1.5B',
      ],
    ],
  ])('knows %s', (family, names) => {
    expect(names.map((name) => [name, familyOfName(name)?.name])).toEqual(names.map((name) => [name, family]));
  });

  it.each([
    'Qwen/Qwen3-30B-A3B-Instruct-2507',
    'qwen3-coder:30b',
    'Qwen/Qwen3-Embedding-0.6B',
    'Qwen/Qwen2.5-7B-Instruct',
    'meta-llama/Llama-3.3-70B-Instruct',
    'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    'deepseek-ai/DeepSeek-V3-0324',
    'deepseek-chat',
    'moonshotai/Kimi-K2-Instruct',
    'mistralai/Mistral-Nemo-Instruct-2407',
    'mistralai/Ministral-3-14B-Instruct-2512',
    'google/gemma-3-27b-it',
    'PowerInfer/SmallThinker-4BA0.6B-Instruct',
    'microsoft/phi-4',
    'nvidia/Llama-3.1-Nemotron-70B-Instruct-HF',
    'CohereForAI/c4ai-command-r-plus',
    'ibm-granite/granite-4.0-h-small',
    'gpt-4.1',
  ])('says nothing of %s', (name) => {
    expect(familyOfName(name)).toBeUndefined();
  });
});
