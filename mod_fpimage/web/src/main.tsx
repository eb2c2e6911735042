import { createRoot } from 'react-dom/client'
import { App } from './App'
import { nonce } from './nonce'
import { currentLang, setLang } from './words'
import './styles.css'

/* Some style sheets that libraries make (of the lock of scrolling, say) come without the nonce that the page's policy asks
 * for. Only scripts get here, and those are ours: what comes in as markup is made by the parser. */
const make = document.createElement.bind(document)
document.createElement = (name: string, options?: ElementCreationOptions) => {
  const made = make(name, options)
  if (nonce && made instanceof HTMLStyleElement) made.nonce = nonce
  return made
}

setLang(currentLang())
createRoot(document.getElementById('root')!).render(<App />)
