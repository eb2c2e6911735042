/** Small hooks that several pages share. */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import { onStale } from '../api/client'

export interface Loaded<T> { data: T | null; error: unknown; isLoading: boolean; again: () => void; set: (data: T) => void }

/** What `load` gives, anew when one of `by` changes; what was shown stays until the new comes. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, by: unknown[]): Loaded<T> {
  const [data, set] = useState<T | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isLoading, setLoading] = useState(true)
  const [round, setRound] = useState(0)
  const latest = useRef(load)
  latest.current = load

  useEffect(() => {
    const stop = new AbortController()
    setLoading(true)
    latest.current(stop.signal).then(
      got => { if (!stop.signal.aborted) { set(got); setError(null); setLoading(false) } },
      bad => { if (!stop.signal.aborted) { setError(bad); setLoading(false) } })
    return () => stop.abort()
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [...by, round])

  return { data, error, isLoading, again: useCallback(() => setRound(n => n + 1), []), set }
}

/** One act at a time; `error` is what became of the last one. */
export function useAct() {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const run = useCallback(async <T,>(act: () => Promise<T>): Promise<T | undefined> => {
    setBusy(true)
    setError(null)
    try {
      return await act()
    } catch (bad) {
      setError(bad)
      return undefined
    } finally {
      setBusy(false)
    }
  }, [])
  return { isBusy, error, run, clear: useCallback(() => setError(null), []) }
}

export function useTitle(title: string) {
  useEffect(() => { document.title = title }, [title])
}

/** What is shown is loaded anew once an act was refused because it is not the latest: under whatever dialog is open. */
export function useStale(again: () => void) {
  const latest = useLatest(again)
  useEffect(() => onStale(() => latest.current()), [latest])
}

/** For what runs later than it was made, as the answer of a dialog does. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value)
  latest.current = value
  return latest
}
