(ns app.login
  (:require [buddy.hashers :as hashers]
            [buddy.sign.jwt :as jwt]
            [app.users :as users]
            [taoensso.timbre :as log]
            [compojure.core :refer [defroutes POST]]))

(def secret (System/getenv "JWT_SECRET"))

(defn token-for [user]
  (log/info {:event "token issued" :sub (:id user)})
  (jwt/sign {:sub (:id user) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256}))

(defn login [{:keys [params]}]
  (let [user (users/by-name (:user params))]
    (if (and user (hashers/check (:password params) (:password user)))
      {:status 200 :body {:token (token-for user)}}
      {:status 401 :body "unauthorized"})))

(defn limited [handler]
  (let [hits (atom 0)]
    (fn [request]
      (if (> (swap! hits inc) 100)
        {:status 429 :body "slow down"}
        (handler request)))))

(defroutes routes
  (POST "/login" request (login request)))

(def app (limited routes))
