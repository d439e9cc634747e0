import { useState } from 'react';
import { Card } from '../../components/card.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';
import styles from './vote.module.css';
import type { VoteRound } from './vote-rounds.ts';

/** A vote as bars: each answer's weight against the heaviest, its votes, and whose they are. The last round first. */
export function Vote({ rounds }: { rounds: readonly VoteRound[] }) {
  const words = useStrings(strings);
  const inWords = useServiceSentence();
  const [chosen, setChosen] = useState<string>();
  const round = rounds.find(({ index }) => String(index) === chosen) ?? rounds.at(-1);
  if (round === undefined) return null;
  return (
    <Card className={styles.card ?? ''}>
      <header className={styles.head}>
        <h2>{words.vote}</h2>
        {rounds.length > 1 && (
          <Segmented
            size="small"
            label={words.rounds}
            value={String(round.index)}
            options={rounds.map(({ index }, place) => ({
              value: String(index),
              label: String(place + 1),
              title: words.round(place + 1, rounds.length),
            }))}
            onChange={setChosen}
          />
        )}
      </header>
      <p className={styles.summary}>{inWords(round.summary)}</p>
      <ol className={styles.bars} aria-label={words.vote}>
        {round.bars.map((bar) => (
          <li key={bar.answer} data-leads={bar.leads}>
            <span className={styles.answer}>{bar.answer}</span>
            <span className={styles.figures}>
              {bar.leads && <b>{words.leads} · </b>}
              {words.votes(bar.ballots)}
            </span>
            <span className={styles.track} aria-hidden="true">
              <i style={{ transform: `scaleX(${Math.max(0.006, bar.share)})` }} />
            </span>
            {bar.voters.length > 0 && (
              <span className={styles.voters}>
                {bar.voters
                  .map((voter) => (voter === null ? words.draftVoter : words.chainVoter(voter + 1)))
                  .join(', ')}
              </span>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}
