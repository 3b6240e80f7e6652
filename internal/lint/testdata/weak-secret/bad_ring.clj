(ns app.token
  (:require [buddy.sign.jwt :as jwt]))

(def secret "mysecret") ;; want weak-secret

(defn claims-of [token] (jwt/unsign token secret {:alg :hs256}))
