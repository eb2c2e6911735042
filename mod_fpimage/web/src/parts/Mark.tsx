/** A word with a colour that tells how things stand; readable on both grounds, which Ant Design's own tags are not. */
import type { ReactNode } from 'react'

const TONES: Record<string, string> = { green: 'good', cyan: 'good', blue: 'info', processing: 'info', gold: 'warn', orange: 'warn', red: 'bad' }

export function Mark({ color, children }: { color?: string; children: ReactNode }) {
  return <span className={'mark ' + (TONES[color ?? ''] ?? '')}>{children}</span>
}
