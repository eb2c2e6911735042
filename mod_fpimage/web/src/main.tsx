import { createRoot } from 'react-dom/client'
import { App } from './App'
import { currentLang, setLang } from './words'
import './styles.css'

setLang(currentLang())
createRoot(document.getElementById('root')!).render(<App />)
