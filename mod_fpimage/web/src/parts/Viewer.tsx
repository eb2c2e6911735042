/** One page of a document, large: zoom, turn, go through. The server makes the picture, whatever the file is. */
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { say } from '../words'

export interface Shown { key: string; title: string; url: string; original?: string; isPicture: boolean; why?: string }

const STEPS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4]

export interface ViewerApi { zoom: (by: number) => void; fit: () => void; turn: (by: number) => void }

export function Viewer({ pages, at, onAt, onTurn, api }: {
  pages: Shown[]; at: number; onAt: (at: number) => void; onTurn?: (by: number) => void; api?: { current: ViewerApi | null }
}) {
  const [zoom, setZoom] = useState(1)
  const [turned, setTurned] = useState(0)
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading')
  const [round, setRound] = useState(0)
  const frame = useRef<HTMLDivElement>(null)
  const page = pages[at]

  useEffect(() => { setState('loading'); setTurned(0) }, [page?.url, round])
  useEffect(() => { frame.current?.scrollTo(0, 0) }, [page?.key])

  const step = (by: number) => setZoom(now => {
    const i = STEPS.findIndex(one => one >= now)
    return STEPS[Math.min(STEPS.length - 1, Math.max(0, i + by))]
  })
  const turn = (by: number) => { setTurned(now => (now + by + 360) % 360) }
  if (api) api.current = { zoom: step, fit: () => setZoom(1), turn }

  if (!page) return <div className="viewer empty">{say('没有影像', 'No images')}</div>
  return (
    <div className="viewer">
      <div className="viewer-bar" role="toolbar" aria-label={say('查看工具', 'Viewing tools')}>
        <Button size="small" onClick={() => onAt(at - 1)} disabled={at === 0} aria-label={say('上一页', 'Previous page')} title={say('上一页 (←)', 'Previous page (←)')}>←</Button>
        <span className="viewer-at" aria-live="polite">{at + 1} / {pages.length}</span>
        <Button size="small" onClick={() => onAt(at + 1)} disabled={at >= pages.length - 1} aria-label={say('下一页', 'Next page')} title={say('下一页 (→)', 'Next page (→)')}>→</Button>
        <Button size="small" onClick={() => step(-1)} aria-label={say('缩小', 'Zoom out')}>−</Button>
        <Button size="small" onClick={() => setZoom(1)} title={say('适合宽度', 'Fit')}>{Math.round(zoom * 100)}%</Button>
        <Button size="small" onClick={() => step(1)} aria-label={say('放大', 'Zoom in')}>＋</Button>
        <Button size="small" onClick={() => turn(90)} aria-label={say('旋转查看', 'Turn the view')} title={say('旋转查看 (r)', 'Turn the view (r)')}>↻</Button>
        {onTurn && <Button size="small" onClick={() => onTurn(90)}>{say('保存旋转', 'Turn the page')}</Button>}
        {page.original && <a href={page.original} className="viewer-original" download>{say('下载原件', 'Original')}</a>}
      </div>
      <div className="viewer-frame" ref={frame} tabIndex={0} role="region" aria-label={page.title}>
        {state === 'loading' && page.isPicture && <div className="viewer-note">{say('正在生成图片…', 'Making the picture…')}</div>}
        {state === 'failed' || !page.isPicture ? (
          <div className="viewer-note" role="alert">
            {page.why ?? say('此文件无法预览，可下载原件查看。', 'This file can’t be shown; download the original.')}
            {page.isPicture && <Button size="small" onClick={() => setRound(n => n + 1)}>{say('重试', 'Try again')}</Button>}
          </div>
        ) : (
          <img
            key={page.url + round} src={page.url} alt={page.title} className={state === 'shown' ? 'shown' : 'unseen'}
            style={{ width: `${zoom * 100}%`, transform: turned ? `rotate(${turned}deg)` : undefined }}
            onLoad={() => setState('shown')} onError={() => setState('failed')}
          />
        )}
      </div>
    </div>
  )
}
